//! From a run that is ready to a run that is finished.

use super::prepare::Ready;
use crate::error::Error;
use crate::event::Event;
use crate::outcome::Finished;

/// Makes the calls. `listener` takes every event, in order.
///
/// # Errors
/// The run could not begin; a run that began is always finished, with its status.
pub fn execute(ready: &Ready, listener: &mut (dyn FnMut(&Event) + Send)) -> Result<Finished, Error> {
    let _ = listener;
    Err(Error::failed(format!("run {}: calls cannot be made yet", ready.plan.run_id)))
}
