/* SPDX-License-Identifier: Apache-2.0 */
/* logger_config.c: the configuration of a logger: limits, filters, handlers. */
#include "logger.h"

#include <krarup/message.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct filter_call {
        const struct kri_log_filter *filter;
        kr_log_event *event;
        kr_log_verdict verdict;
};

static void call_filter(void *arg)
{
        struct filter_call *call = arg;

        call->verdict = call->filter->filter(call->event, call->filter->context);
}

static kr_log_verdict ask(struct kri_logger *l, const struct kri_log_handler *handler,
                          const struct kri_log_filter *filter, kr_log_event *event)
{
        struct filter_call call = { filter, event, KR_LOG_IGNORE };
        const char *of = handler != NULL ? handler->config.name : NULL;
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (kr_catch(call_filter, &call, &kind, &reason))
                return call.verdict;
        if (kr_logger_remove_filter(l->node, of, filter->name) == KR_OK)
                kri_log_removed(l, "filter", filter->name, reason.term);
        kr_msg_clear(&reason);
        return KR_LOG_IGNORE;
}

/* Works on a copy: a filter is the user's, and runs outside the lock. */
bool kri_log_passes(struct kri_logger *l, struct kri_log_handler *handler,
                    kr_log_event *event)
{
        const struct kri_log_filters *filters = handler != NULL ? &handler->filters
                                                                : &l->filters;
        struct kri_log_filters copy;

        kri_plat_lock_take(&l->lock);
        copy.count = filters->count;
        memcpy(copy.at, filters->at, sizeof(copy.at[0]) * copy.count);
        kri_plat_lock_give(&l->lock);
        for (unsigned i = 0; i < copy.count; i++) {
                kr_log_verdict verdict = ask(l, handler, &copy.at[i], event);

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

void kri_log_take(struct kri_logger *l, struct kri_log_taken *ret)
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

void kri_log_config_release(struct kri_logger *l)
{
        while (l->modules != NULL)
                unset_module(l, l->modules->name);
        while (l->handlers != NULL) {
                struct kri_log_handler *h = l->handlers;

                l->handlers = h->next;
                free_handler(h);
        }
}
