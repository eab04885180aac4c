//! What the cluster's objects say about an attempt; pure.
