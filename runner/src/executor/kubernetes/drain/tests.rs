//! Draining against a model of a kubelet.
