//! NetDMA's clients: a provider in a few lines that does everything right passes, and the same provider with one fault at
//! a time is caught. The command's own errors say what is wrong.

#![allow(clippy::cast_possible_truncation, reason = "the provider reads structures as a driver does")]

mod command;
mod engine;
mod fault;
mod mutants;
mod provider;
