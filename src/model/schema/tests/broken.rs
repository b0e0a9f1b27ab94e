//! Documents that are broken, and that the schema refuses as the decoder does.
