//! Playbooks of every format in one form.
