/* SPDX-License-Identifier: Apache-2.0 */
/* call_many.c: casts and calls to servers of one name on several nodes. */
#include <krarup/behaviour.h>

#include "gen.h"

/* NULL means all nodes that are connected, and this one: alone, that is this one. */
static const kr_atom *these_nodes(const kr_atom *nodes, size_t *count, kr_atom *here)
{
        *here = kr_node_name(kr_here());
        if (nodes == NULL)
                *count = 1;
        return nodes != NULL ? nodes : here;
}

void kri_abcast(const kr_atom *nodes, size_t count, kr_atom name, struct kri_site *site,
                const union kri_arg *args)
{
        kr_atom here;

        if (kr_here() == NULL)
                return;
        if (name.index == 0) {
                kri_otp_badarg("kr_abcast", "name");
                return;
        }
        nodes = these_nodes(nodes, &count, &here);
        for (size_t i = 0; i < count; i++)
                kri_cast_server(kr_at(name, nodes[i]), site, args);
}

/* {[{Node, Reply}], [BadNode]} from two lists in the making. */
static kr_term results(kr_builder *replies, kr_builder *bad)
{
        kr_term good_list = kr_build_list(replies), bad_list = kr_build_list(bad);
        kr_term both = kr_none();

        if (!kr_is_none(good_list) && !kr_is_none(bad_list))
                both = kr_build("{~, ~}", good_list, bad_list);
        kr_release(good_list);
        kr_release(bad_list);
        return both;
}

static void collect(kr_atom node, kr_ref request, int64_t until_ms, kr_builder *replies,
                    kr_builder *bad)
{
        int64_t wait_ms = until_ms == KR_INFINITY ? KR_INFINITY : kr_until_ms(until_ms);
        kr_msg slot = KR_MSG_INIT;
        kr_term pair;

        if (kr_receive_response(request, wait_ms, &slot) == KR_RESPONSE_REPLY) {
                pair = kr_build("{~, ~}", node, slot.term);
                replies->failed |= kr_is_none(pair);
                if (!kr_is_none(pair))
                        kr_add_term(replies, pair);
                kr_release(pair);
        } else {
                kr_add_atom(bad, node);
        }
        kr_msg_clear(&slot);
}

kr_term kri_multi_call(const kr_atom *nodes, size_t count, kr_atom name,
                       int64_t timeout_ms, struct kri_site *site,
                       const union kri_arg *args)
{
        kr_builder replies = KR_BUILDER_INIT, bad = KR_BUILDER_INIT;
        int64_t until_ms = KR_INFINITY;
        kr_ref *requests;
        kr_atom here;

        if (kr_here() == NULL)
                return kr_none();
        if (name.index == 0) {
                kri_otp_badarg("kr_multi_call", "name");
                return kr_none();
        }
        nodes = these_nodes(nodes, &count, &here);
        requests = kr_calloc(count + 1, sizeof(*requests));
        if (requests == NULL)
                return kr_none();
        if (timeout_ms != KR_INFINITY)
                until_ms = kr_monotonic_ms(NULL) + timeout_ms;
        for (size_t i = 0; i < count; i++)
                requests[i] = kri_send_request(kr_at(name, nodes[i]), site, args);
        for (size_t i = 0; i < count; i++)
                collect(nodes[i], requests[i], until_ms, &replies, &bad);
        kr_free(requests);
        return results(&replies, &bad);
}
