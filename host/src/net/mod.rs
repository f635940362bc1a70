//! What is bound above the miniport, and what it talks to.

pub mod frames;
pub mod numbered;
pub mod port;
pub mod shapes;
pub mod stack;
pub mod tap;
pub mod transfer;

pub use port::{Hold, Port};
pub use shapes::Shape;
