//! From a request to a finished run, below every front end: who takes part and with which program and
//! account ([`prepare`]), and the run itself ([`execute`]).

pub mod advice;
pub mod endpoints;
pub mod execute;
pub mod input;
pub mod options;
pub mod persona_files;
pub mod prepare;
pub mod resolve;
pub mod roster;
pub mod settings;
