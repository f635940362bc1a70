//! Imports with variable arguments.

/// Defines a win64 function with variable arguments, to be given as [`Binding::Code`](super::Binding::Code).
///
/// `variadic_shim!(pub name, handler)`: `handler` is a `fn(args: *const u64) -> u64`. `args` points at all
/// arguments in order, one 8-byte slot each (the four of the registers spilled to their home space, the others
/// behind them on the caller's stack): at once the named ones and the `va_list`. It stays valid until the handler
/// returns. The [`CallSite`](super::CallSite) is untouched.
macro_rules! variadic_shim {
    ($(#[$meta:meta])* $vis:vis $name:ident, $handler:path) => {
        $(#[$meta])*
        #[unsafe(naked)]
        $vis unsafe extern "win64" fn $name() {
            extern "win64" fn enter(args: *const u64) -> u64 {
                $handler(args)
            }
            // The handler gets home space of its own: ours holds the arguments.
            core::arch::naked_asm!(
                "mov [rsp + 8], rcx",
                "mov [rsp + 16], rdx",
                "mov [rsp + 24], r8",
                "mov [rsp + 32], r9",
                "lea rcx, [rsp + 8]",
                "sub rsp, 40",
                "call {enter}",
                "add rsp, 40",
                "ret",
                enter = sym enter,
            )
        }
    };
}
pub(crate) use variadic_shim;
