/* SPDX-License-Identifier: Apache-2.0 */
#include "logger.h"

#include <krarup/link.h>
#include <krarup/registry.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 2048 /* of kr_log_text; longer ones are cut */

static const char key; /* of the node's kr_node_get */

static const char *const level_names[] = { "emergency", "alert",  "critical", "error",
                                           "warning",   "notice", "info",     "debug" };

const char *kr_log_level_name(kr_log_level level)
{
        if (level < KR_LOG_EMERGENCY || level > KR_LOG_DEBUG)
                return NULL;
        return level_names[level];
}

bool kr_log_level_from(const char *name, kr_log_level *ret_level)
{
        for (int i = KR_LOG_EMERGENCY; i <= KR_LOG_DEBUG; i++)
                if (strcmp(name, level_names[i]) == 0) {
                        *ret_level = (kr_log_level)i;
                        return true;
                }
        if (strcmp(name, "all") != 0 && strcmp(name, "none") != 0)
                return false;
        *ret_level = name[0] == 'a' ? KR_LOG_ALL : KR_LOG_NONE;
        return true;
}

struct kri_logger *kri_logger_of(kr_node *node)
{
        return node != NULL ? kr_node_get(node, &key) : NULL;
}

/* -- limits -- */

/* "counter" of "src/counter.c". */
static bool is_module(const char *file, const char *module)
{
        const char *slash = strrchr(file, '/');
        size_t len = strlen(module);

        file = slash != NULL ? slash + 1 : file;
        return strncmp(file, module, len) == 0 && (file[len] == '.' || file[len] == 0);
}

static struct kri_log_module **find_module(struct kri_logger *l, const char *name)
{
        struct kri_log_module **at = &l->modules;

        while (*at != NULL && strcmp((*at)->name, name) != 0)
                at = &(*at)->next;
        return at;
}

static int limit_of(struct kri_logger *l, const char *file)
{
        int limit = atomic_load_explicit(&l->level, memory_order_relaxed);

        if (file == NULL ||
            atomic_load_explicit(&l->module_count, memory_order_relaxed) == 0)
                return limit;
        kri_plat_lock_take(&l->lock);
        for (struct kri_log_module *m = l->modules; m != NULL; m = m->next)
                if (is_module(file, m->name))
                        limit = m->level;
        kri_plat_lock_give(&l->lock);
        return limit;
}

bool kr_log_is_on(kr_log_level level, const char *file)
{
        kr_node *node = kr_here();
        struct kri_logger *l = kri_logger_of(node);

        if (l == NULL)
                return node != NULL && level <= KR_LOG_ERROR;
        return (int)level <= limit_of(l, file);
}

static bool is_level(kr_log_level level)
{
        return level >= KR_LOG_NONE && level <= KR_LOG_ALL;
}

kr_err kr_logger_set_level(kr_node *node, kr_log_level level)
{
        struct kri_logger *l = kri_logger_of(node);

        if (l == NULL)
                return KR_ESTATE;
        if (!is_level(level))
                return KR_EBADARG;
        atomic_store(&l->level, (int)level);
        return KR_OK;
}

kr_log_level kr_logger_level(kr_node *node)
{
        struct kri_logger *l = kri_logger_of(node);

        return l != NULL ? (kr_log_level)atomic_load(&l->level) : KR_LOG_ERROR;
}

static void unset_module(struct kri_logger *l, const char *name)
{
        struct kri_log_module **at = find_module(l, name), *m = *at;

        if (m == NULL)
                return;
        *at = m->next;
        free(m);
        atomic_fetch_sub(&l->module_count, 1);
}

static kr_err set_module(struct kri_logger *l, const char *name, kr_log_level level)
{
        struct kri_log_module *m = *find_module(l, name);

        if (m == NULL) {
                m = calloc(1, sizeof(*m));
                if (m == NULL)
                        return KR_ENOMEM;
                (void)snprintf(m->name, sizeof(m->name), "%s", name);
                m->next = l->modules;
                l->modules = m;
                atomic_fetch_add(&l->module_count, 1);
        }
        m->level = level;
        return KR_OK;
}

kr_err kr_logger_set_module_level(kr_node *node, const char *module, kr_log_level level)
{
        struct kri_logger *l = kri_logger_of(node);
        kr_err err = KR_OK;

        if (l == NULL)
                return KR_ESTATE;
        if (module == NULL || module[0] == 0 || strlen(module) >= KRI_LOG_NAME_BYTES ||
            (level != KR_LOG_UNSET && !is_level(level)))
                return KR_EBADARG;
        kri_plat_lock_take(&l->lock);
        if (level == KR_LOG_UNSET)
                unset_module(l, module);
        else
                err = set_module(l, module, level);
        kri_plat_lock_give(&l->lock);
        return err;
}

/* -- filters -- */

static int find_filter(const struct kri_log_filters *filters, const char *name)
{
        for (unsigned i = 0; i < filters->count; i++)
                if (strcmp(filters->at[i].name, name) == 0)
                        return (int)i;
        return -1;
}

static kr_err add_filter(struct kri_log_filters *filters,
                         const struct kri_log_filter *filter)
{
        if (find_filter(filters, filter->name) >= 0)
                return KR_EALREADY;
        if (filters->count == KRI_LOG_FILTERS_MAX)
                return KR_ESYSTEMLIMIT;
        filters->at[filters->count++] = *filter;
        return KR_OK;
}

static kr_err remove_filter(struct kri_log_filters *filters, const char *name)
{
        int at = find_filter(filters, name);

        if (at < 0)
                return KR_ENOPROC;
        memmove(&filters->at[at], &filters->at[at + 1],
                sizeof(filters->at[0]) * (filters->count - (unsigned)at - 1));
        filters->count--;
        return KR_OK;
}

/* Under the lock. */
static struct kri_log_handler *find_handler(struct kri_logger *l, const char *name)
{
        struct kri_log_handler *h = l->handlers;

        while (h != NULL && (!h->in_use || strcmp(h->config.name, name) != 0))
                h = h->next;
        return h;
}

static struct kri_log_filters *filters_of(struct kri_logger *l, const char *handler)
{
        struct kri_log_handler *h;

        if (handler == NULL)
                return &l->filters;
        h = find_handler(l, handler);
        return h != NULL ? &h->filters : NULL;
}

static bool is_name(const char *name)
{
        return name != NULL && name[0] != 0 && strlen(name) < KRI_LOG_NAME_BYTES;
}

kr_err kr_logger_add_filter(kr_node *node, const char *handler, const char *name,
                            kr_log_filter_fn filter, void *context)
{
        struct kri_log_filter f = { .filter = filter, .context = context };
        struct kri_logger *l = kri_logger_of(node);
        struct kri_log_filters *filters;
        kr_err err = KR_ENOPROC;

        if (l == NULL)
                return KR_ESTATE;
        if (!is_name(name) || filter == NULL)
                return KR_EBADARG;
        (void)snprintf(f.name, sizeof(f.name), "%s", name);
        kri_plat_lock_take(&l->lock);
        filters = filters_of(l, handler);
        if (filters != NULL)
                err = add_filter(filters, &f);
        kri_plat_lock_give(&l->lock);
        return err;
}

kr_err kr_logger_remove_filter(kr_node *node, const char *handler, const char *name)
{
        struct kri_logger *l = kri_logger_of(node);
        struct kri_log_filters *filters;
        kr_err err = KR_ENOPROC;

        if (l == NULL)
                return KR_ESTATE;
        if (!is_name(name))
                return KR_EBADARG;
        kri_plat_lock_take(&l->lock);
        filters = filters_of(l, handler);
        if (filters != NULL)
                err = remove_filter(filters, name);
        kri_plat_lock_give(&l->lock);
        return err;
}

/* Works on a copy: a filter is the user's, and runs outside the lock. */
static bool passes(struct kri_logger *l, const struct kri_log_filters *filters,
                   kr_log_event *event)
{
        struct kri_log_filters copy;

        kri_plat_lock_take(&l->lock);
        copy.count = filters->count;
        memcpy(copy.at, filters->at, sizeof(copy.at[0]) * copy.count);
        kri_plat_lock_give(&l->lock);
        for (unsigned i = 0; i < copy.count; i++) {
                kr_log_verdict verdict = copy.at[i].filter(event, copy.at[i].context);

                if (verdict != KR_LOG_IGNORE)
                        return verdict == KR_LOG_PASS;
        }
        return true;
}

/* -- handlers -- */

static void free_handler(struct kri_log_handler *h)
{
        free((char *)(uintptr_t)h->config.name);
        free((char *)(uintptr_t)h->config.file);
        free(h);
}

/* Under the lock. */
static void collect(struct kri_logger *l)
{
        struct kri_log_handler **at = &l->handlers, *h;

        while ((h = *at) != NULL) {
                if (h->in_use || atomic_load(&h->refs) != 0) {
                        at = &h->next;
                        continue;
                }
                *at = h->next;
                free_handler(h);
        }
}

void kri_log_handler_unref(struct kri_log_handler *h)
{
        atomic_fetch_sub(&h->refs, 1); /* collect() finds it */
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
        return value != 0 ? value : otherwise;
}

static bool wants_colour(const kr_log_handler *config)
{
        if (config->colour != KR_COLOUR_AUTO)
                return config->colour == KR_COLOUR_ALWAYS;
        return config->file == NULL && getenv("NO_COLOR") == NULL &&
               kri_plat_is_terminal(config->fd);
}

static struct kri_log_handler *new_handler(struct kri_logger *l,
                                           const kr_log_handler *config)
{
        struct kri_log_handler *h = calloc(1, sizeof(*h));

        if (h == NULL)
                return NULL;
        h->config = *config;
        h->config.name = strdup(config->name);
        h->config.file = config->file != NULL ? strdup(config->file) : NULL;
        if (h->config.name == NULL || (config->file != NULL && h->config.file == NULL)) {
                free_handler(h);
                return NULL;
        }
        if (h->config.fd == 0)
                h->config.fd = 2;
        h->config.sync_mode_qlen = or_default(config->sync_mode_qlen, 10);
        h->config.drop_mode_qlen = or_default(config->drop_mode_qlen, 200);
        h->config.flush_qlen = or_default(config->flush_qlen, 1000);
        h->config.burst_limit_max_count = or_default(config->burst_limit_max_count, 500);
        h->config.burst_limit_window_ms = or_default(config->burst_limit_window_ms, 1000);
        h->colour = wants_colour(&h->config);
        h->logger = l;
        h->in_use = true;
        atomic_init(&h->level, config->level == 0 ? KR_LOG_ALL : (int)config->level);
        return h;
}

/* Under the lock. */
static kr_err has_room(struct kri_logger *l, const char *name)
{
        unsigned count = 0;

        if (find_handler(l, name) != NULL)
                return KR_EALREADY;
        for (struct kri_log_handler *h = l->handlers; h != NULL; h = h->next)
                count += h->in_use;
        return count < KRI_LOG_HANDLERS_MAX ? KR_OK : KR_ESYSTEMLIMIT;
}

/* Takes the handler; it is given up on failure. */
static kr_err put_handler(struct kri_logger *l, struct kri_log_handler *h)
{
        kr_err err;

        kri_plat_lock_take(&l->lock);
        collect(l);
        err = has_room(l, h->config.name);
        if (err == KR_OK) {
                h->next = l->handlers;
                l->handlers = h;
        }
        kri_plat_lock_give(&l->lock);
        if (err != KR_OK)
                free_handler(h);
        return err;
}

static bool file_opens(const char *path)
{
        int fd = kri_plat_open_append(path, NULL);

        kri_plat_close(fd);
        return fd >= 0;
}

kr_err kr_logger_add_handler(kr_node *node, const kr_log_handler *config)
{
        struct kri_logger *l = kri_logger_of(node);
        struct kri_log_handler *h;
        kr_err err;

        if (l == NULL)
                return KR_ESTATE;
        if (config == NULL || !is_name(config->name) || !is_level(config->level) ||
            config->fd < 0)
                return KR_EBADARG;
        if (config->file != NULL && !file_opens(config->file))
                return KR_EOS;
        h = new_handler(l, config);
        if (h == NULL)
                return KR_ENOMEM;
        err = put_handler(l, h);
        if (err != KR_OK || config->log != NULL)
                return err;
        if (!kr_pid_is_none(kri_log_writer_start(h)))
                return KR_OK;
        (void)kr_logger_remove_handler(node, config->name);
        return KR_ESYSTEMLIMIT;
}

struct wake {
        kr_pid pid;
};

static void wake(struct wake *who)
{
        kr_send(who->pid, "look");
}

kr_err kr_logger_remove_handler(kr_node *node, const char *name)
{
        struct kri_logger *l = kri_logger_of(node);
        struct kri_log_handler *h;
        kr_pid pid = kr_pid_none();

        if (l == NULL)
                return KR_ESTATE;
        if (!is_name(name))
                return KR_EBADARG;
        kri_plat_lock_take(&l->lock);
        h = find_handler(l, name);
        if (h != NULL) {
                h->in_use = false; /* its process sees it, and ends */
                pid = h->pid;
        }
        kri_plat_lock_give(&l->lock);
        if (h == NULL)
                return KR_ENOPROC;
        if (!kr_pid_is_none(pid)) /* we may be no process */
                (void)kr_node_spawn(node, wake, &(struct wake){ pid });
        return KR_OK;
}

kr_err kr_logger_set_handler_level(kr_node *node, const char *name, kr_log_level level)
{
        struct kri_logger *l = kri_logger_of(node);
        struct kri_log_handler *h;

        if (l == NULL)
                return KR_ESTATE;
        if (!is_name(name) || !is_level(level))
                return KR_EBADARG;
        kri_plat_lock_take(&l->lock);
        h = find_handler(l, name);
        if (h != NULL)
                atomic_store(&h->level, (int)level);
        kri_plat_lock_give(&l->lock);
        return h != NULL ? KR_OK : KR_ENOPROC;
}

/* -- the way of an event -- */

struct taken {
        struct kri_log_handler *at[KRI_LOG_HANDLERS_MAX];
        kr_pid pids[KRI_LOG_HANDLERS_MAX];
        unsigned count;
};

static void take_handlers(struct kri_logger *l, struct taken *ret)
{
        ret->count = 0;
        kri_plat_lock_take(&l->lock);
        for (struct kri_log_handler *h = l->handlers; h != NULL; h = h->next) {
                if (!h->in_use || ret->count == KRI_LOG_HANDLERS_MAX)
                        continue;
                atomic_fetch_add(&h->refs, 1);
                ret->pids[ret->count] = h->pid;
                ret->at[ret->count++] = h;
        }
        kri_plat_lock_give(&l->lock);
}

static void hand_over(struct kri_logger *l, struct kri_log_handler *h, kr_pid pid,
                      kr_log_event event, bool may_wait)
{
        if ((int)event.level > atomic_load_explicit(&h->level, memory_order_relaxed) ||
            !passes(l, &h->filters, &event))
                return;
        if (h->config.log != NULL)
                h->config.log(&event, h->config.context);
        else
                kri_log_writer_send(h, pid, &event, may_wait);
}

/* The registered name of the calling process, in `name`. */
static void find_name(char *name, size_t size)
{
        kr_msg info = KR_MSG_INIT;
        kr_atom atom;

        name[0] = 0;
        if (kr_process_info(kr_self(), KR_ATOM("registered_name"), &info) &&
            kr_match(info.term, "{registered_name, ~}", &atom))
                (void)snprintf(name, size, "%s", kr_atom_text(atom, NULL));
        kr_msg_clear(&info);
}

void kri_logger_event(struct kri_logger *l, kr_log_event *event, bool may_wait)
{
        char name[256];
        struct taken handlers;

        event->time_ns = kr_system_time_ns(l->node);
        if (kr_pid_is_none(event->pid)) {
                event->pid = kr_self();
                event->metadata = kr_get(kr_atom_term(KR_ATOM("$logger_metadata$")));
                find_name(name, sizeof(name));
                event->name = name;
        }
        if (!passes(l, &l->filters, event))
                return;
        take_handlers(l, &handlers);
        for (unsigned i = 0; i < handlers.count; i++) {
                hand_over(l, handlers.at[i], handlers.pids[i], *event, may_wait);
                kri_log_handler_unref(handlers.at[i]);
        }
}

static kr_log_event new_event(kr_log_level level, const struct kri_log_place *place)
{
        return (kr_log_event){ .level = level,
                               .name = "",
                               .file = place->file,
                               .line = place->line,
                               .function = place->function ? place->function : "",
                               .domain = "",
                               .report = kr_none(),
                               .text = "",
                               .details = "",
                               .metadata = kr_none() };
}

/* Without a logger: one line. */
static void say_alone(kr_log_event *event)
{
        struct kri_words line = KRI_WORDS_INIT;

        kri_say(&line, "krarup: %s: %s (%s:%d)", kr_log_level_name(event->level),
                event->text, event->file, event->line);
        kr_node_report(kr_here(), kri_words_text(&line));
        kri_words_clear(&line);
}

static void log_event(kr_log_event *event)
{
        struct kri_logger *l = kri_logger_of(kr_here());

        if (l != NULL)
                kri_logger_event(l, event, true);
        else
                say_alone(event);
}

void kri_log_text(kr_log_level level, const struct kri_log_place *place,
                  const char *format, ...)
{
        kr_log_event event = new_event(level, place);
        char text[TEXT_BYTES];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        event.text = text;
        log_event(&event);
}

/* A map says its first line by a key; anything else is its own text. */
static void say_report(struct kri_words *out, kr_term report)
{
        kr_term text;

        if (kr_match(report, "#{msg => ~}", &text) ||
            kr_match(report, "#{text => ~}", &text))
                kri_say_string(out, text);
        else
                kri_say_term(out, report);
}

void kri_log_term(kr_log_level level, const struct kri_log_place *place,
                  struct kri_site *site, const union kri_arg *args)
{
        kr_log_event event = new_event(level, place);
        struct kri_words text = KRI_WORDS_INIT;

        event.report = kri_build(site, args);
        if (kr_is_none(event.report))
                return; /* no memory: nothing that could be said */
        say_report(&text, event.report);
        event.text = kri_words_text(&text);
        log_event(&event);
        kri_words_clear(&text);
        kr_release(event.report);
}

void kri_log_metadata(struct kri_site *site, const union kri_arg *args)
{
        kr_term map = kri_build(site, args);

        if (!kr_is_map(map) || kr_map_size(map) == 0)
                kr_erase(kr_atom_term(KR_ATOM("$logger_metadata$")));
        else
                kr_put(kr_atom_term(KR_ATOM("$logger_metadata$")), map);
        kr_release(map);
}

/* -- the process `logger` -- */

/* An end that the core tells of. */
static void log_end(struct kri_logger *l, kr_pid pid, kr_term name, kr_term reason)
{
        const struct kri_log_place nowhere = { NULL, NULL, 0 };
        struct kri_words known_as = KRI_WORDS_INIT;
        struct kri_words text = KRI_WORDS_INIT, details = KRI_WORDS_INIT;
        kr_log_event event = new_event(KR_LOG_ERROR, &nowhere);
        kr_term what = kr_build("{'$end', ~, ~}", name, reason);
        uint64_t alike = kri_log_key(what);

        kr_release(what);
        if (!kri_log_repeat_passes(l, alike))
                return;
        kri_say_string(&known_as, name);
        event.pid = pid;
        event.name = kri_words_text(&known_as);
        kri_log_describe_end(&event, reason, &text, &details);
        kri_log_repeat_name(l, alike, &event);
        kri_logger_event(l, &event, false);
        kri_words_clear(&known_as);
        kri_words_clear(&text);
        kri_words_clear(&details);
}

static void log_lost(struct kri_logger *l, int64_t count)
{
        const struct kri_log_place nowhere = { NULL, NULL, 0 };
        kr_log_event event = new_event(KR_LOG_ERROR, &nowhere);
        char text[96];

        (void)snprintf(text, sizeof(text),
                       "%lld more processes ended by errors than could be told",
                       (long long)count);
        event.text = text;
        event.domain = "otp";
        kri_logger_event(l, &event, false);
}

/* A handler's process has ended: start it anew, unless it has been removed. */
static void renew_writer(struct kri_logger *l, kr_pid pid)
{
        struct taken handlers;

        take_handlers(l, &handlers);
        for (unsigned i = 0; i < handlers.count; i++) {
                if (kr_pid_eq(handlers.pids[i], pid))
                        (void)kri_log_writer_start(handlers.at[i]);
                kri_log_handler_unref(handlers.at[i]);
        }
}

struct serve {
        struct kri_logger *l;
};

static void take_name(kr_atom name)
{
        if (kr_pid_is_none(kr_whereis(name)))
                kr_register(name, kr_self());
}

static void serve(struct serve *of)
{
        enum { END, LOST, WRITER, DOWN, COUNTED, OTHER };
        struct kri_logger *l = of->l;
        int64_t lost, wait_ms = kri_log_repeat_tell(l);
        kr_term name, reason;
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        switch (kr_receive_top(&msg, wait_ms,
                               kr_on(END, "{report, ~, ~, ~}", &pid, &name, &reason),
                               kr_on(LOST, "{reports_lost, ~}", &lost),
                               kr_on(WRITER, "{writer, ~}", &pid),
                               kr_on(DOWN, "{'DOWN', _, process, ~, _}", &pid),
                               kr_on(COUNTED, "counted"), kr_on(OTHER, "_"))) {
        case END:
                log_end(l, pid, name, reason);
                break;
        case LOST:
                log_lost(l, lost);
                break;
        case WRITER:
                (void)kr_monitor(pid);
                break;
        case DOWN:
                renew_writer(l, pid);
                break;
        default:
                break; /* what was counted is told at the top; others are not for us */
        }
        kr_msg_clear(&msg);
        kr_become(serve, of);
}

static void run_logger(struct serve *arg)
{
        take_name(KR_ATOM("logger"));
        kr_become(serve, arg);
}

/* -- start and end -- */

static void release(void *value)
{
        struct kri_logger *l = value;

        while (l->modules != NULL)
                unset_module(l, l->modules->name);
        while (l->handlers != NULL) {
                struct kri_log_handler *h = l->handlers;

                l->handlers = h->next;
                free_handler(h);
        }
        kri_plat_lock_fini(&l->lock);
        free(l);
}

kr_err kr_logger_start(kr_node *node, const kr_logger_opts *opts)
{
        kr_log_handler terminal = { .name = "default" };
        struct kri_logger *l;
        kr_pid pid;

        if (node == NULL)
                return KR_EBADARG;
        if (kri_logger_of(node) != NULL)
                return KR_EALREADY;
        l = calloc(1, sizeof(*l));
        if (l == NULL)
                return KR_ENOMEM;
        l->node = node;
        kri_plat_lock_init(&l->lock);
        atomic_init(&l->level,
                    opts != NULL && opts->level != 0 ? (int)opts->level : KR_LOG_NOTICE);
        if (!kr_node_put(node, &key, l, release)) {
                release(l);
                return KR_ESYSTEMLIMIT;
        }
        pid = kr_node_spawn(node, run_logger, &(struct serve){ l });
        kri_plat_lock_take(&l->lock);
        l->pid = pid;
        kri_plat_lock_give(&l->lock);
        if (kr_pid_is_none(pid))
                return KR_ESYSTEMLIMIT;
        kr_node_report_to(node, pid);
        return opts != NULL && opts->no_default ? KR_OK
                                                : kr_logger_add_handler(node, &terminal);
}

/* -- waiting until all is written -- */

static bool is_idle(struct kri_logger *l)
{
        struct taken handlers;
        bool idle = true;

        take_handlers(l, &handlers);
        for (unsigned i = 0; i < handlers.count; i++) {
                idle = idle && atomic_load(&handlers.at[i]->queued) == 0;
                kri_log_handler_unref(handlers.at[i]);
        }
        return idle;
}

bool kr_logger_drain(kr_node *node, int64_t timeout_ms)
{
        struct kri_logger *l = kri_logger_of(node);
        int64_t until_ms;

        if (l == NULL)
                return true;
        until_ms = kr_monotonic_ms(node) + timeout_ms;
        while (!is_idle(l)) {
                if (timeout_ms != KR_INFINITY && kr_monotonic_ms(node) >= until_ms)
                        return false;
                kri_plat_nap_us(500);
        }
        return true;
}

bool kr_logger_sync(int64_t timeout_ms)
{
        struct kri_logger *l = kri_logger_of(kr_here());
        int64_t until_ms;

        if (l == NULL)
                return true;
        until_ms = kr_monotonic_ms(NULL) + timeout_ms;
        while (!is_idle(l)) {
                if (timeout_ms != KR_INFINITY && kr_monotonic_ms(NULL) >= until_ms)
                        return false;
                kr_sleep(1);
        }
        return true;
}
