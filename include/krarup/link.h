/* SPDX-License-Identifier: Apache-2.0 */
/* link.h: links, monitors and aliases: how one process learns of another's end.
 * Follows the Erlang module `erlang`. Callable by processes; none blocks unless it says so.
 */
#ifndef KRARUP_LINK_H
#define KRARUP_LINK_H

#include <krarup/process.h>

/* What kr_monitor takes: a kr_pid, or a name (kr_atom or C string). */
struct kri_watched {
        kr_pid pid;
        kr_atom name;
};

/* kr_monitor(who): one {'DOWN', Ref, process, Object, Reason} when it ends; at once with
 * noproc if there is none. Object is the pid, or {Name, Node} for a name. Monitors stack. */
#define kr_monitor(who) kri_monitor(KRI_WATCHED(who), KR_ALIAS_NONE, NULL)

/* The reference is an alias as well (monitor/3), and `tag` (a kr_term *, or NULL) takes the
 * place of 'DOWN'. */
#define kr_monitor_alias(who, mode, tag) kri_monitor(KRI_WATCHED(who), mode, tag)

KR_BEGIN_DECLS

/* The atom of this text; none if it cannot be one. */
KR_API kr_atom kri_atom_of(const char *text);

/* Link both ways; again has no effect; with oneself neither. A dead process: a caller that
 * traps exits gets {'EXIT', Pid, noproc}, another one ends with noproc. */
KR_API void kr_link(kr_pid pid);

/* Afterwards no exit signal of that link arrives; an {'EXIT', ...} message that is in the
 * mailbox already stays. */
KR_API void kr_unlink(kr_pid pid);

typedef struct kr_demonitor_opts {
        bool flush; /* also remove its DOWN from the mailbox */
} kr_demonitor_opts;

/* demonitor(Ref, [info | flush]): true: it was active, and its DOWN will never come. A
 * reference that is not of this node ends the caller with badarg. opts may be NULL. */
KR_API bool kr_demonitor(kr_ref ref, const kr_demonitor_opts *opts);

/* A reference that others can send to as long as it is active; `once`: the first message
 * that comes through it switches it off (alias([reply])). */
KR_API kr_ref kr_alias(bool once);

/* True if it was active; what arrives through it from now on is dropped. */
KR_API bool kr_unalias(kr_ref alias);

KR_API kr_ref kri_monitor(struct kri_watched who, kr_alias_mode mode, const kr_term *tag);

KR_END_DECLS

static inline struct kri_watched kri_watched_pid(kr_pid pid)
{
        struct kri_watched w = { pid, { 0 } };

        return w;
}

static inline struct kri_watched kri_watched_name(kr_atom name)
{
        struct kri_watched w = { { 0, 0, 0 }, name };

        return w;
}

static inline struct kri_watched kri_watched_text(const char *name)
{
        return kri_watched_name(kri_atom_of(name));
}

#define KRI_WATCHED(who)                                                                 \
        _Generic((who), kr_pid: kri_watched_pid, kr_atom: kri_watched_name,              \
                 const char *: kri_watched_text, char *: kri_watched_text)(who)
#endif
