//! Trace points. With the feature `dbgprint` they go to the kernel debugger; without it they cost nothing and leave no
//! text in the image.

/// Writes a C string literal, and the integers that its `printf` conversions name, to the kernel debugger.
macro_rules! trace {
    ($format:literal $(, $value:expr)* $(,)?) => {{
        #[cfg(feature = "dbgprint")]
        {
            // SAFETY: the format is a NUL-terminated literal whose conversions match the integers given with it.
            unsafe { ferrite_ddk::ndis::DbgPrint($format.as_ptr().cast() $(, $value)*) };
        }
        #[cfg(not(feature = "dbgprint"))]
        {
            $(_ = $value;)*
        }
    }};
}

pub(crate) use trace;
