/* SPDX-License-Identifier: Apache-2.0 */
/* fiber.h: tell the sanitizers and Valgrind what stack runs. All of it is empty in a build
 * without them.
 *
 * leave/arrive stand around every kri_switch: leave(&save, target stack) before, on the old
 * stack, arrive(save) after, on the new one. A stack that is left for good passes NULL for
 * its save slot, and only then.
 */
#ifndef KR_CORE_FIBER_H
#define KR_CORE_FIBER_H

#include <stddef.h>

#include "stack.h"

#if defined(__SANITIZE_ADDRESS__)
#define KRI_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KRI_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define KRI_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define KRI_TSAN 1
#endif

#if defined(KRI_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(KRI_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

/* The native stack of a thread that runs a scheduler, as the sanitizers know it. */
struct kri_native {
        const void *low;
        size_t size;
        void *fiber;
};

static inline void kri_native_init(struct kri_native *native)
{
        *native = (struct kri_native){ NULL, 0, NULL };
#if defined(KRI_TSAN)
        native->fiber = __tsan_get_current_fiber();
#endif
}

static inline void kri_fiber_init(struct kri_stack *stack)
{
#if defined(KRI_TSAN)
        stack->fiber = __tsan_create_fiber(0);
#else
        stack->fiber = NULL;
#endif
}

static inline void kri_fiber_fini(struct kri_stack *stack)
{
#if defined(KRI_TSAN)
        if (stack->fiber != NULL)
                __tsan_destroy_fiber(stack->fiber);
#endif
        stack->fiber = NULL;
}

/* Always in line: ThreadSanitizer counts the functions that are entered and left per fiber, and
 * a function that changes the fiber would be entered on one and left on the other. */
#define KRI_FIBER_INLINE static inline __attribute__((always_inline))

/* A stack whose frames were abandoned: nothing on it is poisoned any more. */
static inline void kri_fiber_clean(struct kri_stack *stack)
{
#if defined(KRI_ASAN)
        __asan_unpoison_memory_region(stack->low + 4096, stack->size - 4096);
#else
        (void)stack;
#endif
}

/* Nobody runs on this stack any more, and its frames were left without returning. To
 * ThreadSanitizer they would still stand, until it has no room for more: a fresh fiber. */
static inline void kri_fiber_retire(struct kri_stack *stack)
{
        kri_fiber_clean(stack);
#if defined(KRI_TSAN)
        if (stack->fiber == __tsan_get_current_fiber())
                return; /* the fault that left it is still being handled */
        kri_fiber_fini(stack);
        kri_fiber_init(stack);
#endif
}

/* Frames of the running stack are about to be skipped (a jump upward). */
static inline void kri_fiber_skip_frames(void)
{
#if defined(KRI_ASAN)
        __asan_handle_no_return();
#endif
}

/* A fault has led straight from one stack to the top of another. */
KRI_FIBER_INLINE void kri_fiber_land(const struct kri_stack *stack)
{
#if defined(KRI_ASAN)
        __sanitizer_start_switch_fiber(NULL, stack->low, stack->size);
        __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
#if defined(KRI_TSAN)
        __tsan_switch_to_fiber(stack->fiber, 0);
#endif
        (void)stack;
}

/* From there to a frame that still stands on another stack, where others were abandoned. */
KRI_FIBER_INLINE void kri_fiber_go_back(struct kri_stack *stack)
{
        kri_fiber_clean(stack);
        kri_fiber_land(stack);
}

KRI_FIBER_INLINE void kri_fiber_leave_to_proc(void **save, const struct kri_stack *stack)
{
#if defined(KRI_ASAN)
        __sanitizer_start_switch_fiber(save, stack->low, stack->size);
#endif
#if defined(KRI_TSAN)
        __tsan_switch_to_fiber(stack->fiber, 0);
#endif
        (void)save;
        (void)stack;
}

KRI_FIBER_INLINE void kri_fiber_leave_to_native(void **save,
                                                const struct kri_native *native)
{
#if defined(KRI_ASAN)
        __sanitizer_start_switch_fiber(save, native->low, native->size);
#endif
#if defined(KRI_TSAN)
        __tsan_switch_to_fiber(native->fiber, 0);
#endif
        (void)save;
        (void)native;
}

/* `native` is not NULL where a process arrives from its scheduler: it learns the bounds. */
KRI_FIBER_INLINE void kri_fiber_arrive(void *save, struct kri_native *native)
{
#if defined(KRI_ASAN)
        const void *low;
        size_t size;

        __sanitizer_finish_switch_fiber(save, &low, &size);
        if (native != NULL) {
                native->low = low;
                native->size = size;
        }
#endif
        (void)save;
        (void)native;
}

#endif
