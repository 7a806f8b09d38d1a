/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c: asking now and having the answer later; collections of requests.
 *
 * Model    A request is a monitor that is an alias as well, as in gen: the answer is
 *          {[alias | Request], Reply} or the monitor's DOWN. That there is nobody is a DOWN
 *          that the requester sends itself.
 */
#include <krarup/behaviour.h>

#include "gen.h"

#define TIMEOUT_MAX_MS 4294967295

enum { REPLY, DOWN };

struct kri_reqid {
        kr_ref ref;
        kr_term label; /* kept */
};

static bool is_timeout(int64_t timeout_ms)
{
        return timeout_ms >= KR_INFINITY && timeout_ms <= TIMEOUT_MAX_MS;
}

int64_t kri_until_ms(int64_t at_ms)
{
        int64_t left = at_ms - kr_monotonic_ms(NULL);

        return left > 0 ? left : 0;
}

/* -- sending -- */

static kr_ref send_to(kr_pid pid, kr_term request)
{
        kr_ref ref = kr_monitor_alias(pid, KR_ALIAS_REPLY_DEMONITOR, NULL);

        (void)kr_send(pid, "{'$gen_call', {~, [alias|~]}, ~}", kr_self(), ref, request);
        return ref;
}

/* As if it had been there, and had gone. */
static kr_ref send_to_nobody(kr_server to)
{
        kr_ref ref = kr_make_ref();
        kr_term whom = kr_server_term(to);

        if (kr_is_none(whom))
                kr_error("system_limit");
        if (kr_pid_is_none(to.pid) && to.via == NULL && to.node.index != 0 &&
            !kr_atom_eq(to.node, kr_node_name(kr_here())))
                (void)kr_send(kr_self(), "{'DOWN', ~, process, ~, {nodedown, ~}}", ref,
                              whom, to.node);
        else
                (void)kr_send(kr_self(), "{'DOWN', ~, process, ~, noproc}", ref, whom);
        kr_release(whom);
        return ref;
}

kr_ref kri_send_request(kr_server to, struct kri_site *site, const union kri_arg *args)
{
        kr_term request;
        kr_ref ref;
        kr_pid pid;

        if (kr_here() == NULL)
                return kr_ref_none();
        request = kri_build(site, args);
        if (kr_is_none(request)) {
                if (!kri_gen_is_thread())
                        kr_error("system_limit");
                return kr_ref_none();
        }
        pid = kr_server_pid(to);
        ref = kr_pid_is_none(pid) ? send_to_nobody(to) : send_to(pid, request);
        kr_release(request);
        return ref;
}

/* -- one answer -- */

static void forget(kr_ref request)
{
        kr_demonitor(request, &(kr_demonitor_opts){ .flush = true });
}

static kr_response answered(int what, kr_msg *slot, kr_term said)
{
        slot->term = said;
        return what == REPLY ? KR_RESPONSE_REPLY : KR_RESPONSE_ERROR;
}

kr_response kr_wait_response(kr_ref request, int64_t timeout_ms, kr_msg *slot)
{
        kr_term said = kr_none();
        int what;

        if (!is_timeout(timeout_ms)) {
                kri_otp_badarg("kr_wait_response", "timeout_ms");
                return KR_RESPONSE_NONE;
        }
        what = kr_receive(slot, timeout_ms,
                          kr_on(REPLY, "{[alias|=], ~}", request, &said),
                          kr_on(DOWN, "{'DOWN', =, _, _, ~}", request, &said));
        if (what == KR_TIMEOUT)
                return KR_RESPONSE_TIMEOUT;
        forget(request);
        return answered(what, slot, said);
}

kr_response kr_receive_response(kr_ref request, int64_t timeout_ms, kr_msg *slot)
{
        kr_response response = kr_wait_response(request, timeout_ms, slot);
        kr_term said = kr_none();

        if (response != KR_RESPONSE_TIMEOUT)
                return response;
        forget(request);
        if (kr_receive(slot, 0, kr_on(REPLY, "{[alias|=], ~}", request, &said)) == REPLY)
                return answered(REPLY, slot, said);
        return KR_RESPONSE_TIMEOUT;
}

/* The request that a message answers, if it is one at all. */
static bool read_answer(kr_term message, kr_ref *ret_request, kr_term *ret_said,
                        int *ret_what)
{
        if (kr_match(message, "{[alias|~], ~}", ret_request, ret_said))
                *ret_what = REPLY;
        else if (kr_match(message, "{'DOWN', ~, _, _, ~}", ret_request, ret_said))
                *ret_what = DOWN;
        else
                return false;
        return true;
}

kr_response kr_check_response(kr_ref request, kr_msg *slot)
{
        kr_term said;
        kr_ref ref;
        int what;

        if (slot == NULL || !read_answer(slot->term, &ref, &said, &what) ||
            !kr_ref_eq(ref, request))
                return KR_RESPONSE_NONE;
        forget(request);
        return answered(what, slot, said);
}

/* -- collections -- */

static struct kri_reqid *find(const kr_reqids *ids, kr_ref request)
{
        for (uint32_t i = 0; i < ids->count; i++)
                if (kr_ref_eq(ids->ids[i].ref, request))
                        return &ids->ids[i];
        return NULL;
}

static bool make_room(kr_reqids *ids)
{
        uint32_t cap = ids->cap == 0 ? 8 : 2 * ids->cap;
        struct kri_reqid *larger;

        if (ids->count < ids->cap)
                return true;
        if (cap <= ids->cap)
                return false;
        larger = kr_realloc(ids->ids, cap * sizeof(*larger));
        if (larger == NULL)
                return false;
        ids->ids = larger;
        ids->cap = cap;
        return true;
}

void kr_reqids_add(kr_reqids *ids, kr_ref request, kr_term label)
{
        kr_term kept;

        if (ids == NULL || kr_ref_is_none(request) || find(ids, request) != NULL) {
                kri_otp_badarg("kr_reqids_add", ids == NULL ? "ids" : "request");
                return;
        }
        kept = kr_keep(label);
        if (kr_is_none(kept) || !make_room(ids)) {
                kr_release(kept);
                if (!kri_gen_is_thread())
                        kr_error("system_limit");
                return;
        }
        ids->ids[ids->count++] = (struct kri_reqid){ request, kept };
}

size_t kr_reqids_size(const kr_reqids *ids)
{
        return ids->count;
}

kr_term kr_reqids_to_list(const kr_reqids *ids)
{
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = 0; i < ids->count; i++) {
                kr_term pair = kr_build("{~, ~}", ids->ids[i].ref, ids->ids[i].label);

                if (kr_is_none(pair)) {
                        kr_builder_clear(&b);
                        return kr_none();
                }
                kr_add_term(&b, pair);
                kr_release(pair);
        }
        return kr_build_list(&b);
}

void kr_reqids_clear(kr_reqids *ids)
{
        for (uint32_t i = 0; i < ids->count; i++)
                kr_release(ids->ids[i].label);
        kr_free(ids->ids);
        *ids = (kr_reqids)KR_REQIDS_INIT;
}

static bool is_of_these(void *ids, kr_term message)
{
        kr_term said;
        kr_ref ref;
        int what;

        return read_answer(message, &ref, &said, &what) && find(ids, ref) != NULL;
}

static bool is_reply_to_these(void *ids, kr_term message)
{
        kr_term said;
        kr_ref ref;

        return kr_match(message, "{[alias|~], ~}", &ref, &said) && find(ids, ref) != NULL;
}

/* The message in the slot answers one of them. */
static kr_response take_answer(kr_reqids *ids, bool remove, kr_msg *slot,
                               kr_ref *ret_request, kr_term *ret_label)
{
        struct kri_reqid *id;
        kr_term said = kr_none();
        kr_ref ref = kr_ref_none();
        int what = REPLY;

        (void)read_answer(slot->term, &ref, &said, &what);
        forget(ref);
        id = find(ids, ref);
        if (ret_request != NULL)
                *ret_request = ref;
        if (ret_label != NULL)
                *ret_label = id->label;
        if (remove) {
                if (ret_label == NULL)
                        kr_release(id->label);
                *id = ids->ids[--ids->count];
        }
        return answered(what, slot, said);
}

kr_response kr_wait_any(kr_reqids *ids, int64_t timeout_ms, bool remove, kr_msg *slot,
                        kr_ref *ret_request, kr_term *ret_label)
{
        if (ids == NULL || !is_timeout(timeout_ms)) {
                kri_otp_badarg("kr_wait_any", ids == NULL ? "ids" : "timeout_ms");
                return KR_RESPONSE_NONE;
        }
        if (ids->count == 0)
                return KR_RESPONSE_NONE;
        if (kri_receive_where(slot, timeout_ms, is_of_these, ids) == KR_TIMEOUT)
                return KR_RESPONSE_TIMEOUT;
        return take_answer(ids, remove, slot, ret_request, ret_label);
}

kr_response kr_receive_any(kr_reqids *ids, int64_t timeout_ms, bool remove, kr_msg *slot,
                           kr_ref *ret_request, kr_term *ret_label)
{
        kr_response response =
                kr_wait_any(ids, timeout_ms, remove, slot, ret_request, ret_label);

        if (response != KR_RESPONSE_TIMEOUT)
                return response;
        for (uint32_t i = 0; i < ids->count; i++)
                forget(ids->ids[i].ref);
        while (kri_receive_where(slot, 0, is_reply_to_these, ids) != KR_TIMEOUT)
                ; /* what came between the last look and this */
        return KR_RESPONSE_TIMEOUT;
}

kr_response kr_check_any(kr_reqids *ids, bool remove, kr_msg *slot, kr_ref *ret_request,
                         kr_term *ret_label)
{
        if (ids == NULL || slot == NULL || ids->count == 0 ||
            !is_of_these(ids, slot->term))
                return KR_RESPONSE_NONE;
        return take_answer(ids, remove, slot, ret_request, ret_label);
}
