//! Tests of images, bindings and formats.

mod calls;
mod hostile;
mod loading;
mod printing;
mod sections;
