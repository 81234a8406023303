#!/bin/bash
# Rust programs: threads, panics that unwind, thread-local variables with destructors, a program without libc.so, a library
# for C as shared object and as archive, crates as shared objects, and a procedural macro, which rustc itself loads.
# packages: rustc
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have rustc || skip "no rustc"

cat >main.rs <<'END_R'
use std::{cell::RefCell, collections::HashMap, panic, sync::{mpsc, Arc, Mutex}, thread};
struct Noisy(&'static str);
impl Drop for Noisy { fn drop(&mut self) { println!("drop {}", self.0); } }
thread_local!(static LOCAL: RefCell<(u32, Option<Noisy>)> = RefCell::new((1, None)));
fn deep(n: u32) -> u32 { let _guard = Noisy("frame"); if n == 0 { panic!("bottom") } else { deep(n - 1) + 1 } }
fn main() {
    let total = Arc::new(Mutex::new(0));
    let (send, receive) = mpsc::channel();
    let threads: Vec<_> = (0..4).map(|i| { let (total, send) = (total.clone(), send.clone());
        thread::spawn(move || { LOCAL.with(|l| l.borrow_mut().0 += i); *total.lock().unwrap() += i; send.send(LOCAL.with(|l| l.borrow().0)).unwrap(); }) }).collect();
    for t in threads { t.join().unwrap(); }
    drop(send);
    println!("{} {}", total.lock().unwrap(), receive.iter().sum::<u32>());
    panic::set_hook(Box::new(|info| println!("panic at line {}", info.location().unwrap().line())));
    println!("{}", panic::catch_unwind(|| deep(1)).unwrap_err().downcast_ref::<&str>().unwrap());
    thread::spawn(|| LOCAL.with(|l| l.borrow_mut().1 = Some(Noisy("thread-local")))).join().unwrap();
    let words: HashMap<_, _> = "a b a".split(' ').fold(HashMap::new(), |mut m, w| { *m.entry(w).or_insert(0) += 1; m });
    println!("{} {:?} {:.3}", words["a"], std::env::args().nth(1), (2.0f64).sqrt());
}
END_R
cat >expected.txt <<'END_T'
6 10
panic at line 5
drop frame
drop frame
bottom
drop thread-local
2 Some("x") 1.414
END_T
export CARGO_MANIFEST_DIR=.
watch_links
rust() { rustc --edition=2021 -C linker="$CC" -C link-arg=-B"$GILD_BIN" "$@"; }
for flags in "" "-O" "-C relocation-model=static" "-C target-feature=+crt-static" "-g -C prefer-dynamic" "-O -C lto" "-C codegen-units=1 -C link-dead-code"; do
	rust $flags main.rs -o main
	by_gild main
	LD_LIBRARY_PATH=$(rustc --print target-libdir) ./main x >answer.txt
	diff expected.txt answer.txt || fail "'$flags': wrong output"
done
# the backtrace of a panic names functions and lines
rust -g main.rs -o main
echo 'fn inner() { panic!("oh") }
fn main() { inner() }' >panic.rs
rust -g panic.rs -o panic
! RUST_BACKTRACE=1 ./panic 2>err.txt || fail "the panic did not end the program"
assert_contains err.txt "panic::inner"
assert_contains err.txt "panic.rs:1"

# a library for C
cat >lib.rs <<'END_R'
#[no_mangle] pub extern "C" fn rust_sum(p: *const i32, n: usize) -> i64 {
    std::panic::catch_unwind(|| { let s = unsafe { std::slice::from_raw_parts(p, n) }; if n == 0 { panic!() } s.iter().map(|&x| x as i64).sum() }).unwrap_or(-1)
}
#[no_mangle] pub static RUST_VALUE: i32 = 5;
END_R
echo 'long rust_sum(const int *, unsigned long); extern const int RUST_VALUE;
int main(void) { int a[] = {1, 2, 3}; return !(rust_sum(a, 3) == 6 && rust_sum(a, 0) == -1 && RUST_VALUE == 5); }' >user.c
rust --crate-type=cdylib lib.rs -o libforc.so
link -Wl,-rpath,. user.c ./libforc.so -o user-shared
same "RUST_VALUE rust_sum " "$(nm -D --defined-only libforc.so | awk '$3 !~ /rust_eh_personality/ { print $3 }' | sort | tr '\n' ' ')" "exports"
rustc --crate-type=staticlib lib.rs -o libforc.a
link user.c libforc.a -lpthread -ldl -lm -o user-static
link -Wl,--gc-sections -no-pie user.c libforc.a -lpthread -ldl -lm -o user-small
by_gild libforc.so user-shared user-static user-small
for user in shared static small; do ./user-$user 2>/dev/null || fail "C with a Rust library: $user"; done

# crates as shared objects, and a macro that runs in the compiler
echo 'pub fn name<T>() -> &'\''static str { std::any::type_name::<T>() } pub static GREETING: &str = "hello";' >crate.rs
echo 'extern crate proc_macro; #[proc_macro] pub fn six(_: proc_macro::TokenStream) -> proc_macro::TokenStream { "6".parse().unwrap() }' >six.rs
echo 'fn main() { println!("{} {} {}", helper::GREETING, helper::name::<Vec<u8>>(), six::six!() * 7); }' >uses.rs
rust -C prefer-dynamic --crate-type=dylib --crate-name helper crate.rs
rust --crate-type=proc-macro --crate-name six six.rs
rust -C prefer-dynamic uses.rs -L. --extern six=libsix.so --extern helper=libhelper.so -o uses
by_gild libhelper.so libsix.so uses
same "hello alloc::vec::Vec<u8> 42" "$(LD_LIBRARY_PATH=.:$(rustc --print target-libdir) ./uses)"
