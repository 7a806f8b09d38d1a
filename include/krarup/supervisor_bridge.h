/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_bridge.h: something that knows nothing of supervision, as a child of a supervisor.
 * Follows OTP's module supervisor_bridge.
 *
 *      struct line { int fd; };
 *
 *      static kr_started init(struct line *l, kr_term args, kr_msg *reason)
 *      {
 *              l->fd = open_line();
 *              return kr_started_ok(kr_spawn(reader, l->fd));
 *      }
 *
 *      static void terminate(struct line *l, kr_term reason)
 *      {
 *              close_line(l->fd);
 *      }
 *
 *      KR_SUPERVISOR_BRIDGE(line, struct line, init, terminate);
 *
 * Model    The bridge links itself to the process that init gives and traps exits. When that
 *          process ends, the bridge ends with its reason, without terminate; when the bridge's
 *          supervisor stops it, terminate is to end what was started.
 */
#ifndef KRARUP_SUPERVISOR_BRIDGE_H
#define KRARUP_SUPERVISOR_BRIDGE_H

#include <krarup/supervisor.h>

/* The callbacks, as the loop calls them. */
struct kri_bridge {
        /* kr_started_ok(pid), kr_start_ignored(), kr_start_failed(reason, ...); other errors of
         * a kr_started by their names */
        kr_started (*init)(void *state, kr_term args, kr_msg *reason);
        void (*terminate)(void *state, kr_term reason);
};

KR_BEGIN_DECLS

extern KR_API const kr_kind kr_supervisor_bridge_kind;

KR_END_DECLS

/* KR_SUPERVISOR_BRIDGE(name, state type, init, terminate): define the module `name`, a const
 * kr_behaviour; for other files: extern const kr_behaviour name; The state is all zero before
 * init, and gone with the bridge. */
#define KR_SUPERVISOR_BRIDGE(module_, state, init_, terminate_)                          \
        static kr_started module_##_do_init(void *s, kr_term args, kr_msg *reason)       \
        {                                                                                \
                kr_started (*fn)(state *, kr_term, kr_msg *) = init_;                    \
                                                                                         \
                return fn(KRI_STATE(state, s), args, reason);                            \
        }                                                                                \
        static void module_##_do_terminate(void *s, kr_term reason)                      \
        {                                                                                \
                void (*fn)(state *, kr_term) = terminate_;                               \
                                                                                         \
                fn(KRI_STATE(state, s), reason);                                         \
        }                                                                                \
        static const struct kri_bridge module_##_bridge = { module_##_do_init,           \
                                                            module_##_do_terminate };    \
        static uint32_t kri_attention_##module_;                                         \
        extern const kr_behaviour module_;                                               \
        const kr_behaviour module_ = { #module_,                                         \
                                       &kr_supervisor_bridge_kind,                       \
                                       &module_##_bridge,                                \
                                       sizeof(state),                                    \
                                       NULL,                                             \
                                       NULL,                                             \
                                       NULL,                                             \
                                       &kri_attention_##module_,                         \
                                       NULL }
#endif
