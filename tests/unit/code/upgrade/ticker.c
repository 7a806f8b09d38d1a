/* SPDX-License-Identifier: Apache-2.0 */
/* ticker.c: a module of which there are many versions, told apart by VERSION: good ones, and each
 * kind of bad one. A server, a state machine, an event handler and a supervisor.
 */
#include <krarup.h>

#define FIRST 1
#define SECOND 2       /* has a field more; converts by itself */
#define FAULTS 3       /* its code_change is a SIGSEGV */
#define NONSENSE 4     /* ... returns something that there is not */
#define COMPUTES 5     /* ... never returns */
#define WAITS 6        /* ... never returns either */
#define BREAKS 7       /* its handle_call is a SIGSEGV */
#define LOSES 8        /* a field is gone */
#define FAULTS_AT_13 9 /* its code_change is a SIGSEGV for some */
#define HANGS_AT_13 10 /* ... never returns for some */
#define SAME 11        /* the layout is that of FIRST */
#define NO_WAY_BACK 12 /* states that it has served do not fit FIRST any more */
#define TYPED 13       /* converts by functions, both ways */
#define UNDECLARED 14  /* the struct of UNDECLARED_2, with nothing said about it */
#define UNDECLARED_2 15
#define ILL 16 /* its health is bad */

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* -- the server -- */

struct ticker_1 {
        int64_t value;
        kr_term name;
};

#if VERSION == FIRST || VERSION == SAME
struct ticker {
        int64_t value;
        kr_term name;
};
KR_FIELDS(fields, struct ticker, value, name);
#define STATE_VERSION "1"
#elif VERSION == LOSES
struct ticker {
        int64_t resets;
        int64_t value;
};
KR_FIELDS(fields, struct ticker, resets, value);
#define STATE_VERSION "2"
#else
struct ticker {
        int64_t resets;
        kr_term name;
        int64_t value;
        kr_term note;
};
#define STATE_VERSION TEXT(VERSION)
#if VERSION < UNDECLARED || VERSION > UNDECLARED_2
KR_FIELDS(fields, struct ticker, value, name, resets, note);
#endif
#endif

static int64_t *volatile nowhere;

#if VERSION == TYPED
static kr_err from_1(const struct ticker_1 *old, struct ticker *now, kr_term extra)
{
        int64_t more;

        now->value = old->value;
        now->name = old->name;
        if (kr_match(extra, "{more, ~}", &more))
                now->value += more;
        return KR_OK;
}

static kr_err to_1(const struct ticker *now, struct ticker_1 *old, kr_term extra)
{
        (void)extra;
        old->value = now->value - 1000;
        old->name = now->name;
        return KR_OK;
}
KR_CHANGE(change, "1", struct ticker_1, struct ticker, from_1, to_1);
#elif VERSION == FAULTS || VERSION == NONSENSE || VERSION == COMPUTES ||                 \
        VERSION == WAITS || VERSION == FAULTS_AT_13 || VERSION == HANGS_AT_13
static volatile bool for_ever = true;

static kr_err from_1(const struct ticker_1 *old, struct ticker *now, kr_term extra)
{
        (void)extra;
        now->value = old->value;
        now->name = old->name;
        if (VERSION == FAULTS || (VERSION == FAULTS_AT_13 && old->value == 13))
                *nowhere = 1;
        if (VERSION == NONSENSE)
                return (kr_err)4711;
        if (VERSION == COMPUTES || (VERSION == HANGS_AT_13 && old->value == 13))
                while (for_ever)
                        ;
        if (VERSION == WAITS)
                kr_sleep(KR_INFINITY);
        return KR_OK;
}
KR_CHANGE(change, "1", struct ticker_1, struct ticker, from_1, NULL);
#elif VERSION == NO_WAY_BACK
static kr_err from_1(const struct ticker_1 *old, struct ticker *now, kr_term extra)
{
        (void)extra;
        now->value = old->value;
        now->name = old->name;
        return KR_OK;
}

static kr_err to_1(const struct ticker *now, struct ticker_1 *old, kr_term extra)
{
        (void)now;
        (void)old;
        (void)extra;
        return KR_EFAILED;
}
KR_CHANGE(change, "1", struct ticker_1, struct ticker, from_1, to_1);
#endif

static kr_next init(struct ticker *t, kr_term args)
{
        kr_term list = kr_is_cons(args) ? kr_hd(args) : args;

#if VERSION != LOSES
        t->name = kr_build("{name, \"of a ticker\", ~}", VERSION);
#endif
        return kr_match(list, "~", &t->value) ? kr_ok() : kr_stop("badarg");
}

static kr_next handle_call(struct ticker *t, kr_term request, kr_from from)
{
        int64_t n;

        (void)from;
        if (VERSION == BREAKS)
                *nowhere = 1;
        if (kr_match(request, "{tick, ~}", &n))
                return t->value += n, kr_reply("~", t->value);
        if (kr_match(request, "version"))
                return kr_reply("~", VERSION);
#if VERSION != LOSES
        if (kr_match(request, "name"))
                return kr_reply("~", t->name);
        if (kr_match(request, "rename"))
                return kr_replace(&t->name, request) == KR_OK ? kr_reply("ok")
                                                              : kr_stop("enomem");
#endif
        return kr_reply("~", t->value);
}

static kr_next handle_cast(struct ticker *t, kr_term message)
{
        int64_t n;

        if (kr_match(message, "{tick, ~}", &n))
                t->value += n;
        return kr_noreply();
}

#if VERSION == SECOND
static const struct ticker defaults = { .resets = 7, .note = { 5 } /* [] */ };
#endif

KR_GEN_SERVER(ticker, struct ticker, .init = init, .handle_call = handle_call,
              .handle_cast = handle_cast,
#if VERSION < UNDECLARED || VERSION > UNDECLARED_2
              .fields = fields,
#endif
#if VERSION != UNDECLARED && VERSION != UNDECLARED_2
              .version = STATE_VERSION,
#endif
#if VERSION == SECOND
              .defaults = &defaults,
#endif
#if VERSION == TYPED || (VERSION >= FAULTS && VERSION <= WAITS) ||                       \
        VERSION == FAULTS_AT_13 || VERSION == HANGS_AT_13 || VERSION == NO_WAY_BACK
              .changes = { &change },
#endif
);

/* -- the machine: `closed` is called `shut` from the second version on -- */

#if VERSION == FIRST || VERSION == SAME
#define CLOSED "closed"
struct door {
        int64_t times;
};
KR_FIELDS(door_fields, struct door, times);
#define DOOR_VERSION "1"
#else
#define CLOSED "shut"
struct door {
        int64_t pushes;
        int64_t times;
};
KR_FIELDS(door_fields, struct door, times, pushes);
#define DOOR_VERSION "2"
#endif

static kr_step opened(struct door *d, const kr_event *e)
{
        if (kr_got_call(e, "read"))
                return kr_statem_reply(e->from, "{opened, ~, ~}", VERSION, d->times);
        if (kr_got_cast(e, "close"))
                return kr_next_state(CLOSED);
        return kr_postpone();
}

static kr_step closed(struct door *d, const kr_event *e)
{
        if (kr_got_cast(e, "push")) {
                d->times++;
                return kr_next_state("opened");
        }
        if (kr_got_call(e, "read"))
                return kr_statem_reply(e->from, "{" CLOSED ", ~, ~}", VERSION, d->times);
        return kr_keep_state();
}

static kr_step door_init(struct door *d, kr_term args)
{
        (void)d;
        (void)args;
        return kr_next_state(CLOSED);
}

/* Both ways: the name of the state is another one. */
static kr_step door_change(struct door *d, kr_term old_version, kr_term state,
                           kr_term extra)
{
        (void)d;
        (void)old_version;
        (void)extra;
        return kr_match(state, "opened") ? kr_keep_state() : kr_next_state(CLOSED);
}

KR_GEN_STATEM(door, struct door, .mode = KR_STATE_FUNCTIONS, .init = door_init,
              .states = { { "opened", opened }, { CLOSED, closed } },
              .code_change = door_change, .fields = door_fields, .version = DOOR_VERSION);

/* -- the handler -- */

#if VERSION == FIRST || VERSION == SAME
struct alarm {
        int64_t seen;
};
KR_FIELDS(alarm_fields, struct alarm, seen);
#else
struct alarm {
        int64_t loud, seen;
};
KR_FIELDS(alarm_fields, struct alarm, seen, loud);
#endif

#if VERSION == NO_WAY_BACK
struct alarm_1 {
        int64_t seen;
};

static kr_err alarm_from_1(const struct alarm_1 *old, struct alarm *now, kr_term extra)
{
        (void)extra;
        now->seen = old->seen;
        return KR_OK;
}

static kr_err alarm_to_1(const struct alarm *now, struct alarm_1 *old, kr_term extra)
{
        (void)now;
        (void)old;
        (void)extra;
        return KR_EFAILED;
}
KR_CHANGE(alarm_change, "0", struct alarm_1, struct alarm, alarm_from_1, alarm_to_1);
#endif

static kr_handled alarm_init(struct alarm *a, kr_term args)
{
        (void)a;
        (void)args;
        return kr_handled_ok();
}

static kr_handled alarm_event(struct alarm *a, kr_term event)
{
        (void)event;
        a->seen++;
        return kr_handled_ok();
}

static kr_handled alarm_call(struct alarm *a, kr_term request)
{
        (void)request;
        return kr_handled_reply("{~, ~}", VERSION, a->seen);
}

KR_EVENT_HANDLER(alarm_handler, struct alarm, .init = alarm_init,
                 .handle_event = alarm_event, .handle_call = alarm_call,
#if VERSION == NO_WAY_BACK
                 .changes = { &alarm_change }, .version = "2",
#endif
                 .fields = alarm_fields);

/* -- the supervisor: the second version has a child more -- */

static const kr_child children[] = {
        { .id = "first", .start = KR_START(ticker), .args = "[1]" },
#if VERSION != FIRST && VERSION != SAME
        { .id = "second", .start = KR_START(ticker), .args = "[2]" },
#endif
#if VERSION == NONSENSE
        { .id = "first", .start = KR_START(ticker), .args = "[3]" },
#endif
};
KR_SUPERVISOR(ticker_sup, .strategy = KR_ONE_FOR_ONE, .intensity = 10, .period_s = 3600,
              KR_CHILDREN(children));

/* -- the module -- */

KR_FUNCTION(healthy)
{
        return VERSION != ILL ? kr_build("true") : kr_build("false");
}

static const kr_export exports[] = { KR_EXPORT(healthy) };
static const kr_behaviour *const behaviours[] = { &ticker, &door, &ticker_sup };
static const kr_handler_module *const handlers[] = { &alarm_handler };

KR_MODULE(ticker, .version = TEXT(VERSION), KR_EXPORTS(exports),
          KR_BEHAVIOURS(behaviours), KR_HANDLERS(handlers));
