//! The long link: frames, and a byte pipe that carries them.

mod frame;
mod pipe;

pub use frame::{
    BODY_BYTES_MAX, CLIENT_VERSION, Frame, FrameError, HEAD_BYTES, SEQ_HEARTBEAT, SEQ_PUSH,
    decode_frame, encode_frame,
};
pub use pipe::{Link, LinkError};
