/* SPDX-License-Identifier: Apache-2.0 */
/* change.h: how a state moves to another version of its module.
 *
 *      struct counter_1 { int64_t value; };                  what it was
 *      struct counter { int64_t value; int64_t resets; };    what it is
 *
 *      static kr_err from_1(const struct counter_1 *old, struct counter *now, kr_term extra)
 *      {
 *              now->value = old->value;
 *              return KR_OK;
 *      }
 *      KR_CHANGE(counter_from_1, "1", struct counter_1, struct counter, from_1, NULL);
 *      KR_GEN_SERVER(counter, struct counter, ..., .version = "2",
 *                    .changes = { &counter_from_1 });
 *
 * Same      A state goes over as it is where its layout is the same: the same size, and the same
 *           declared fields (fields.h); of structs without declared fields, and both versions
 *           say the same .version. An equal size alone is no proof. Then a process calls the
 *           new version's callbacks from its next message on.
 * Otherwise the process stays with its old version until its state has been converted
 *           (upgrade.h, kr_sys_change_code):
 *           1. by the new version's KR_CHANGE from the old one's .version; or, on the way back, by
 *              the `down` of the version that it leaves;
 *           2. or by itself, where both have declared their fields: by name; new ones are as in
 *              .defaults, or zero. A field that is there no more is refused, unless it was said
 *              that it may be lost; so is a value that does not fit;
 *           3. then the new version's code_change(state, OldVersion, Extra) is called, if there
 *              is one.
 * Failure   What is raised (a fault too) or returned but KR_OK is the reason for which the
 *           change is refused: the old state is as it was, and the old version goes on.
 * Law       `old` is not to be changed, nor anything of it released: it is needed if the way leads
 *           back. What hangs off it and is put into `now` has moved; declared kr_term fields
 *           that are left behind are released when the change is for good, other things are
 *           the module's own affair.
 */
#ifndef KRARUP_CHANGE_H
#define KRARUP_CHANGE_H

#include <krarup/term.h>

#define KR_CHANGES_MAX 8

/* From one version of a state to the one of the module that it belongs to. Made by KR_CHANGE. */
typedef struct kr_change {
        const char *from; /* the other one's .version ("0": it had none) */
        size_t from_size, to_size;
        kr_err (*up)(const void *old, void *now, kr_term extra);
        kr_err (*down)(const void *now, void *old, kr_term extra);
        bool (*has_down)(void);
} kr_change;

/* How a module's state moves; see KR_GEN_SERVER and its like. */
struct kri_versioning {
        const void *(*defaults)(void);   /* gives NULL: zeros */
        const kr_change *const *changes; /* up to KR_CHANGES_MAX, then NULL */
        bool (*has_code_change)(void);
        bool (*has_copy)(void);
        bool (*copy)(void *to, const void *from);
};

/* KR_CHANGE(name, "version it comes from", struct old, struct new, up, down): define `name`, for
 * .changes. kr_err up(const struct old *old, struct new *now, kr_term extra): `now` is as in
 * .defaults, or zero. kr_err down(const struct new *now, struct old *old, kr_term extra): the
 * way back, of a state that the new version has served; NULL: by the declared fields, of
 * which those go that the old version does not know. What is returned but KR_OK, or raised, is
 * the Reason why not. */
#define KR_CHANGE(change, from_version, old_state, new_state, up_, down_)                \
        KRI_CALLBACKS_BEGIN                                                              \
        static const struct {                                                            \
                kr_err (*up)(const old_state *old, new_state *now, kr_term extra);       \
                kr_err (*down)(const new_state *now, old_state *old, kr_term extra);     \
        } change##_user = { up_, down_ };                                                \
        KRI_CALLBACKS_END                                                                \
        static kr_err change##_do_up(const void *old, void *now, kr_term extra)          \
        {                                                                                \
                return change##_user.up(KRI_STATE(const old_state, old),                 \
                                        KRI_STATE(new_state, now), extra);               \
        }                                                                                \
        static kr_err change##_do_down(const void *now, void *old, kr_term extra)        \
        {                                                                                \
                return change##_user.down(KRI_STATE(const new_state, now),               \
                                          KRI_STATE(old_state, old), extra);             \
        }                                                                                \
        static bool change##_has_down(void)                                              \
        {                                                                                \
                return change##_user.down != NULL;                                       \
        }                                                                                \
        static const struct kr_change change = { from_version,      sizeof(old_state),   \
                                                 sizeof(new_state), change##_do_up,      \
                                                 change##_do_down,  change##_has_down }

/* Of the tables of callbacks.
 * defaults: what fields that are new begin with; kr_term fields: what needs no memory.
 * copy: for the trial of a change (upgrade.h), where not all of the struct is declared: make *to,
 * which is all zero, a copy of *from, whose process stands still meanwhile; what hangs off it
 * is memory of the caller. false: it cannot. */
#define KRI_VERSIONING_MEMBERS(state)                                                    \
        const state *defaults;                                                           \
        bool (*copy)(state * to, const state *from);                                     \
        const struct kr_change *changes[KR_CHANGES_MAX + 1]

#define KRI_VERSIONING(module, state)                                                    \
        static bool module##_has_code_change(void)                                       \
        {                                                                                \
                return module##_user.code_change != NULL;                                \
        }                                                                                \
        static bool module##_has_copy(void)                                              \
        {                                                                                \
                return module##_user.copy != NULL;                                       \
        }                                                                                \
        static bool module##_do_copy(void *to, const void *from)                         \
        {                                                                                \
                return module##_user.copy(KRI_STATE(state, to),                          \
                                          KRI_STATE(const state, from));                 \
        }                                                                                \
        static const void *module##_do_defaults(void)                                    \
        {                                                                                \
                return module##_user.defaults;                                           \
        }                                                                                \
        static uint32_t kri_attention_##module;                                          \
        static const struct kri_versioning module##_versioning = {                       \
                module##_do_defaults, module##_user.changes, module##_has_code_change,   \
                module##_has_copy, module##_do_copy                                      \
        };

#endif
