//! One spanned tree for every data format.
