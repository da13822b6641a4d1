//! What must not be believed is not, and what is known goes on.
