//! The drain against a model of a kubelet, under a clock that tests own.

mod cases;
mod model;
mod order;
mod random;
mod seams;
