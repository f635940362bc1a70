# shellcheck shell=bash
# Sourced by cargo-image: a core library for the driver's target, built from Debian's rust-web-src.
#
# It is built apart from the driver (-Zbuild-std within the driver's build would resolve the library's own
# dependencies through the driver's patch and lock file, over the network, every time) and laid out as a sysroot.

readonly debian_rustc=/usr/bin/rustc
readonly core_sysroot=$root/target/core-library/sysroot

# Builds the library unless it is there and of the compiler in use.
ensure_core_library() {
    local stamp=$core_sysroot/stamp version
    version=$("$debian_rustc" -vV) || fail "$debian_rustc is missing: run scripts/setup"
    [[ -f $stamp && $(<"$stamp") == "$version" ]] || build_core_library "$stamp" "$version"
}

build_core_library() {
    local work=$root/target/core-library libraries=$core_sysroot/lib/rustlib/$target/lib
    say "building the core library for $target"
    rm -rf "$core_sysroot"
    mkdir -p "$work/src" "$libraries"
    printf '[package]\nname = "core-library"\nedition = "2024"\n[workspace]\n' >"$work/Cargo.toml"
    printf '#![no_std]\n' >"$work/src/lib.rs"
    # Bitcode for link-time optimisation, line tables for names; memcpy and its kin, as there is no C runtime.
    (
        cd "$work"
        RUSTC=$debian_rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
            CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_PANIC=abort \
            cargo build --release --target "$target" --target-dir target \
            -Zbuild-std=core,alloc,compiler_builtins -Zbuild-std-features=compiler-builtins-mem
    )
    cp "$work/target/$target/release/deps/"lib{core,alloc,compiler_builtins}-*.rlib "$libraries"
    printf '%s' "$2" >"$1"
}
