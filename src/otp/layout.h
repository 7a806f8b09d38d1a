/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h: what is known of a state's struct, and how a state of one becomes one of another:
 * the rules of krarup/change.h, for states of behaviours and of event handlers.
 */
#ifndef KR_OTP_LAYOUT_H
#define KR_OTP_LAYOUT_H

#include <krarup/behaviour.h>
#include <krarup/fields.h>
#include <krarup/gen_event.h>

struct kri_layout {
        size_t size;
        const struct kr_field *fields;           /* NULL: not declared */
        const char *version;                     /* NULL: none was given */
        const struct kri_versioning *versioning; /* NULL: nothing is said */
};

struct kri_layout kri_layout_of(const kr_behaviour *behaviour);
struct kri_layout kri_layout_of_handler(const kr_handler_module *module);

/* "0" if none was given. */
const char *kri_layout_version(const struct kri_layout *layout);

/* May a state go from one to the other as it is? */
bool kri_layout_is_same(const struct kri_layout *a, const struct kri_layout *b);

/* `now` is to->size bytes; fill it. in_place: the user's code_change is called afterwards, and may
 * do what is left to be done to a struct of the same size. KR_OK; KR_EFAILED: *ret_reason is
 * a new term that says why not. May raise what the user's functions raise. */
struct kri_conversion {
        kr_term extra;
        bool may_lose; /* fields that `to` does not have */
        bool in_place;
        bool *ret_unsure; /* set, if it is for code_change to say that this was right */
};
kr_err kri_layout_convert(const struct kri_layout *from, const void *old,
                          const struct kri_layout *to, void *now,
                          const struct kri_conversion *how, kr_term *ret_reason);

/* `state` is given up, and `kept` goes on: the declared terms that only the former has, at most
 * as many as it has. How many they are; ret_left NULL: they are released. */
uint32_t kri_layout_left(const struct kri_layout *layout, const void *state,
                         const struct kri_layout *kept_layout, const void *kept,
                         kr_term *ret_left);

/* -- a state from before a change, until the change is for good -- */

/* What did not go over is found at once: later nobody could tell it from what the new version has
 * released meanwhile. Memory of the process. */
struct kri_saved {
        const void *from; /* the behaviour, or the handler's module, that it is of */
        kr_term mark;     /* its kind's; none: it has none */
        uint32_t left_count;
        kr_term *left; /* behind the state */
        _Alignas(16) char state[];
};

/* NULL: no memory. */
struct kri_saved *kri_saved_new(const void *from, const struct kri_layout *layout,
                                const void *state);
/* The state goes on as `now`. */
void kri_saved_leave(struct kri_saved *saved, const struct kri_layout *layout,
                     const struct kri_layout *now_layout, const void *now);
/* There is no way back any more: *place is NULL then. NULL in it is ignored. */
void kri_saved_drop(struct kri_saved **place);

/* -- copies -- */

/* Can a copy be made that another process may use? */
bool kri_layout_can_copy(const struct kri_layout *layout);
/* `from` may be of another process that stands still; what hangs off `to` is the caller's.
 * KR_ENOMEM; KR_EFAILED: the user's function cannot. */
kr_err kri_layout_copy(const struct kri_layout *layout, void *to, const void *from);

#endif
