/* SPDX-License-Identifier: Apache-2.0 */
/* statem_queue.c: events that wait, and events as terms. */
#include "statem.h"

static void event_release(kr_event *event)
{
        kr_release(event->from.tag);
        kr_release(event->name);
        kr_release(event->content);
}

/* A copy that is our own of `t`; false: no memory. */
static bool keep(kr_term t, kr_term *ret)
{
        *ret = kr_keep(t);
        return !kr_is_none(*ret) || kr_is_none(t);
}

struct kri_queued *kri_queued_new(const kr_event *event)
{
        struct kri_queued *queued = kr_alloc(sizeof(*queued));
        kr_event *own;

        if (queued == NULL)
                return NULL;
        *queued = (struct kri_queued){ .event = *event };
        own = &queued->event;
        own->from.tag = own->name = own->content = own->state = kr_none();
        if (!keep(event->from.tag, &own->from.tag) || !keep(event->name, &own->name) ||
            !keep(event->content, &own->content)) {
                kri_queued_free(queued);
                return NULL;
        }
        return queued;
}

void kri_queued_free(struct kri_queued *queued)
{
        if (queued == NULL)
                return;
        event_release(&queued->event);
        kr_free(queued);
}

void kri_queue_push(struct kri_queue *queue, struct kri_queued *queued)
{
        queued->next = NULL;
        if (queue->first == NULL)
                queue->first = queued;
        else
                queue->last->next = queued;
        queue->last = queued;
}

struct kri_queued *kri_queue_pop(struct kri_queue *queue)
{
        struct kri_queued *first = queue->first;

        if (first != NULL)
                queue->first = first->next;
        return first;
}

void kri_queue_prepend(struct kri_queue *queue, struct kri_queue *front)
{
        if (front->first == NULL)
                return;
        front->last->next = queue->first;
        if (queue->first == NULL)
                queue->last = front->last;
        queue->first = front->first;
        front->first = NULL;
}

/* -- as terms -- */

static kr_term call_type_term(kr_from from)
{
        kr_term pair = kr_from_term(from);
        kr_term type = kr_build("{call, ~}", pair);

        kr_release(pair);
        return type;
}

kr_term kri_event_type_term(kr_event_type type, kr_from from, kr_term name)
{
        switch (type) {
        case KR_EVENT_CALL:
                return call_type_term(from);
        case KR_EVENT_CAST:
                return kr_build("cast");
        case KR_EVENT_INFO:
                return kr_build("info");
        case KR_EVENT_TIMEOUT:
                return kr_build("timeout");
        case KR_EVENT_STATE_TIMEOUT:
                return kr_build("state_timeout");
        case KR_EVENT_NAMED_TIMEOUT:
                return kr_build("{timeout, ~}", name);
        case KR_EVENT_INTERNAL:
                return kr_build("internal");
        case KR_EVENT_ENTER:
                return kr_build("enter");
        }
        return kr_build("~", (int)type); /* no type: from a wrong kr_next_event */
}

kr_term kri_event_term(const kr_event *event)
{
        kr_term type = kri_event_type_term(event->type, event->from, event->name);
        kr_term term = kr_build("{~, ~}", type, event->content);

        kr_release(type);
        return term;
}

kr_term kri_queue_term(const struct kri_queue *queue)
{
        kr_builder b = KR_BUILDER_INIT;

        for (struct kri_queued *q = queue->first; q != NULL; q = q->next) {
                kr_term event = kri_event_term(&q->event);

                kr_add_term(&b, event);
                kr_release(event);
        }
        return kr_build_list(&b);
}
