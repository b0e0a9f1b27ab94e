//! Who may run what: nothing is executed by looking, and nothing unasked runs that nobody has agreed to.

mod agreed;
mod driven;
mod hostile;
mod watched;
