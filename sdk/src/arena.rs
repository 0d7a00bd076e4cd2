//! The guest's allocator: a bump arena that starts again whenever nothing is
//! alive, which is after each call.
//!
//! A call makes a few columns and frees them all, so keeping free lists would
//! be work for nothing; and every call meets the same memory, so it costs the
//! same. It begins where the linker's data end, inside the first page, because
//! a guest of one page is the cheapest to make and to throw away. What is
//! deliberately absent: reuse of a block that is freed while others live. The
//! newest block alone grows, shrinks and is given back in place.
//!
//! Sums wrap where they cannot overflow: a checked one would put a panic, and
//! its cost, into the hottest path of every guest.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr::{copy_nonoverlapping, null_mut};

struct Arena {
    /// Where the next block begins; 0 before the first one.
    next: Cell<usize>,
    /// Where the memory ends.
    end: Cell<usize>,
    /// How many blocks are alive.
    alive: Cell<usize>,
}

const PAGE: usize = 65_536;

// SAFETY: the guest has one thread; a component without imports has no way to start another.
#[expect(unsafe_code, reason = "a static needs Sync, and there is one thread")]
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena { next: Cell::new(0), end: Cell::new(0), alive: Cell::new(0) };

impl Arena {
    /// Where the linker's data end.
    #[expect(unsafe_code, reason = "the linker's symbol has no safe name")]
    fn base() -> usize {
        unsafe extern "C" {
            static __heap_base: u8;
        }
        &raw const __heap_base as usize
    }

    /// Moves the end of the arena, if memory can be had.
    #[inline(always)]
    fn reach(&self, next: usize) -> bool {
        next <= self.end.get() || self.grow(next)
    }

    #[cold]
    #[inline(never)]
    fn grow(&self, next: usize) -> bool {
        let mut end = core::arch::wasm32::memory_size(0) * PAGE;
        if next > end {
            // At least a quarter more, so that growing stays rare.
            let pages = (next - end).div_ceil(PAGE).max(end / PAGE / 4);
            if core::arch::wasm32::memory_grow(0, pages) == usize::MAX {
                return false;
            }
            end += pages * PAGE;
        }
        self.end.set(end);
        true
    }
}

// SAFETY: blocks lie one after the other between the linker's data and the end
// of the memory, and `next` goes back only over blocks that are freed.
#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
unsafe impl GlobalAlloc for Arena {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let from = if self.alive.get() == 0 { Arena::base() } else { self.next.get() };
        let start = from.wrapping_add(layout.align().wrapping_sub(1)) & layout.align().wrapping_neg();
        let Some(next) = start.checked_add(layout.size()) else { return null_mut() };
        if !self.reach(next) {
            return null_mut();
        }
        self.next.set(next);
        self.alive.set(self.alive.get().wrapping_add(1));
        start as *mut u8
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.alive.set(self.alive.get().wrapping_sub(1));
        if (block as usize).wrapping_add(layout.size()) == self.next.get() {
            self.next.set(block as usize);
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        if start.wrapping_add(layout.size()) == self.next.get() {
            let Some(next) = start.checked_add(size) else { return null_mut() };
            if !self.reach(next) {
                return null_mut();
            }
            self.next.set(next);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the caller's block has `layout`, the new one is larger and apart from it.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                copy_nonoverlapping(block, moved, layout.size());
                self.alive.set(self.alive.get().wrapping_sub(1));
            }
            moved
        }
    }
}
