//! Whether a tenant may set a parameter to a value.

use super::{Parameter, Setting};
use crate::Value;
use std::cmp::Ordering;

impl Parameter {
    /// Checks a setting of the right kinds against the declared bounds.
    ///
    /// # Errors
    /// What is wrong with it, as a clause behind the parameter's key.
    pub fn admits(&self, setting: &Setting) -> Result<(), String> {
        match setting {
            Setting::One(value) => self.admits_value(value),
            Setting::List(values) => {
                if let Some(longest) = self.longest
                    && values.len() > longest as usize
                {
                    return Err(format!("has {} elements; at most {longest} are allowed", values.len()));
                }
                values.iter().try_for_each(|value| self.admits_value(value))
            }
        }
    }

    fn admits_value(&self, value: &Value) -> Result<(), String> {
        if let Some(minimum) = &self.minimum
            && value.order(minimum) == Some(Ordering::Less)
        {
            return Err(format!("is {value}, below the minimum of {minimum}"));
        }
        if let Some(maximum) = &self.maximum
            && value.order(maximum) == Some(Ordering::Greater)
        {
            return Err(format!("is {value}, above the maximum of {maximum}"));
        }
        if !self.any_of.is_empty() && !self.any_of.contains(value) {
            let allowed: Vec<String> = self.any_of.iter().map(Value::to_string).collect();
            return Err(format!("is {value}, and must be one of {}", allowed.join(", ")));
        }
        Ok(())
    }
}
