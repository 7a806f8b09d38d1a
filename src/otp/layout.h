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
};
kr_err kri_layout_convert(const struct kri_layout *from, const void *old,
                          const struct kri_layout *to, void *now,
                          const struct kri_conversion *how, kr_term *ret_reason);

/* `state` is given up, and `kept` goes on: the declared terms that only the former has are
 * released. */
void kri_layout_release_left(const struct kri_layout *layout, void *state,
                             const struct kri_layout *kept_layout, const void *kept);

/* Can a copy be made that another process may use? */
bool kri_layout_can_copy(const struct kri_layout *layout);
/* `from` may be of another process that stands still; what hangs off `to` is the caller's.
 * KR_ENOMEM; KR_EFAILED: the user's function cannot. */
kr_err kri_layout_copy(const struct kri_layout *layout, void *to, const void *from);

#endif
