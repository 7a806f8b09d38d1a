/* SPDX-License-Identifier: Apache-2.0 */
/* commands_server.c: the commands that are about the server. */
#include "commands.h"

#include "glob.h"
#include "registry.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define INFO_MAX 2048

/* -- COMMAND -- */

static uint32_t count_words(const char *text)
{
        uint32_t count = *text != '\0';

        for (; *text != '\0'; text++)
                count += *text == ' ';
        return count;
}

static void say_flags(struct session *s, const char *flags)
{
        char flag[32];

        reply_array(&s->out, count_words(flags));
        for (size_t len; *flags != '\0'; flags += len + (flags[len] == ' ')) {
                len = strcspn(flags, " ");
                (void)snprintf(flag, sizeof(flag), "%.*s", (int)len, flags);
                reply_status(&s->out, flag);
        }
}

/* What is told of a command, however it came to be one. */
struct told {
        kr_bytes name;
        int64_t arity;
        const char *flags;
        int first_key, last_key, key_step;
        const char *group;
        kr_bytes summary;
};

static kr_bytes bytes_of(const char *text)
{
        return (kr_bytes){ text, strlen(text) };
}

static struct told told_of(const struct command *c)
{
        return (struct told){ bytes_of(c->name), c->arity,
                              c->flags,          c->first_key,
                              c->last_key,       c->key_step,
                              c->group,          bytes_of(c->summary) };
}

/* Of the module's: it is about one counter, and may change it. */
static bool told_of_module(kr_term command, struct told *ret)
{
        *ret = (struct told){ .flags = "write denyoom",
                              .first_key = 1,
                              .last_key = 1,
                              .key_step = 1,
                              .group = "string" };
        return kr_match(command, "{~, ~, ~}", &ret->name, &ret->arity, &ret->summary);
}

/* What is said of each, and of which. */
typedef void say_fn(struct session *s, const struct told *told);

static void say_command(struct session *s, const struct told *told)
{
        reply_array(&s->out, 6);
        reply_bulk(&s->out, told->name.data, told->name.len);
        reply_integer(&s->out, told->arity);
        say_flags(s, told->flags);
        reply_integer(&s->out, told->first_key);
        reply_integer(&s->out, told->last_key);
        reply_integer(&s->out, told->key_step);
}

static void say_name(struct session *s, const struct told *told)
{
        reply_bulk(&s->out, told->name.data, told->name.len);
}

/* Name and what is known of it, as a flat list of keys and values. */
static void say_docs(struct session *s, const struct told *told)
{
        say_name(s, told);
        reply_array(&s->out, 6);
        reply_text(&s->out, "summary");
        reply_bulk(&s->out, told->summary.data, told->summary.len);
        reply_text(&s->out, "since");
        reply_text(&s->out, "1.0.0");
        reply_text(&s->out, "group");
        reply_text(&s->out, told->group);
}

/* `args` NULL, or with no names from the 2nd on: all. */
static bool is_named(const struct session_args *args, kr_bytes name)
{
        if (args == NULL || args->count == 2)
                return true;
        for (uint32_t i = 2; i < args->count; i++) {
                kr_bytes arg = session_arg(args, i);

                if (arg.len == name.len && strncasecmp(arg.data, name.data, arg.len) == 0)
                        return true;
        }
        return false;
}

/* How many there are; each is said, unless `say` is NULL. */
static size_t say_each(struct session *s, const struct session_args *args, kr_term module,
                       say_fn *say)
{
        struct told told;
        size_t count = 0;

        for (size_t i = 0; i < command_count; i++) {
                told = told_of(&commands[i]);
                if (!is_named(args, told.name))
                        continue;
                count++;
                if (say != NULL)
                        say(s, &told);
        }
        for (kr_term l = module; kr_is_cons(l); l = kr_tl(l)) {
                if (!told_of_module(kr_hd(l), &told) || !is_named(args, told.name))
                        continue;
                count++;
                if (say != NULL)
                        say(s, &told);
        }
        return count;
}

static void say_one(struct session *s, const struct session_args *args, uint32_t i,
                    kr_term module)
{
        const struct resp_span spans[] = { { 0, 0 }, { 0, 0 }, args->spans[i] };
        const struct session_args one = { args->data, spans, 3 };

        if (say_each(s, &one, module, say_command) == 0)
                reply_nil(&s->out);
}

static void say_commands(struct session *s, const struct session_args *args,
                         kr_term module)
{
        kr_bytes sub = args->count > 1 ? session_arg(args, 1) : bytes_of("");
        size_t count = say_each(s, NULL, module, NULL);

        if (args->count == 1) {
                reply_array(&s->out, count);
                (void)say_each(s, NULL, module, say_command);
        } else if (commands_is(sub, "count")) {
                reply_integer(&s->out, (int64_t)count);
        } else if (commands_is(sub, "list")) {
                reply_array(&s->out, count);
                (void)say_each(s, NULL, module, say_name);
        } else if (commands_is(sub, "docs")) {
                reply_array(&s->out, 2 * say_each(s, args, module, NULL));
                (void)say_each(s, args, module, say_docs);
        } else if (commands_is(sub, "info")) {
                reply_array(&s->out, args->count > 2 ? args->count - 2 : count);
                for (uint32_t i = 2; i < args->count; i++)
                        say_one(s, args, i, module);
                if (args->count == 2)
                        (void)say_each(s, NULL, module, say_command);
        } else {
                reply_error(&s->out, "ERR unknown subcommand '%.*s'. Try COMMAND HELP.",
                            (int)(sub.len < 128 ? sub.len : 128), (const char *)sub.data);
        }
}

void command_command(struct session *s, const struct session_args *args)
{
        kr_term module;

        session_settle(s);
        module = commands_of_module();
        say_commands(s, args, module);
        kr_release(module);
}

/* -- CONFIG GET -- */

struct parameter {
        const char *name;
        char value[24];
};

#define PARAMETERS 6

static void read_parameters(const struct service *service, struct parameter *ret)
{
        ret[0] = (struct parameter){ "appendonly", "no" };
        ret[1] = (struct parameter){ "save", "" };
        ret[2] = (struct parameter){ "databases", "1" };
        ret[3].name = "maxclients";
        (void)snprintf(ret[3].value, sizeof(ret[3].value), "%u",
                       (unsigned)service->opts.clients_max);
        ret[4].name = "timeout";
        (void)snprintf(ret[4].value, sizeof(ret[4].value), "%lld",
                       (long long)service->opts.idle_timeout_ms / 1000);
        ret[5].name = "port";
        (void)snprintf(ret[5].value, sizeof(ret[5].value), "%u",
                       (unsigned)atomic_load(&service->port));
}

static bool is_wanted(const struct session_args *args, const char *name)
{
        for (uint32_t i = 2; i < args->count; i++) {
                kr_bytes pattern = session_arg(args, i);

                if (glob_fits(pattern.data, pattern.len, name, strlen(name)))
                        return true;
        }
        return false;
}

static void say_config(struct session *s, const struct session_args *args)
{
        struct parameter parameters[PARAMETERS];
        size_t count = 0;

        read_parameters(s->service, parameters);
        for (size_t i = 0; i < PARAMETERS; i++)
                count += is_wanted(args, parameters[i].name);
        reply_array(&s->out, count * 2);
        for (size_t i = 0; i < PARAMETERS; i++) {
                if (!is_wanted(args, parameters[i].name))
                        continue;
                reply_text(&s->out, parameters[i].name);
                reply_text(&s->out, parameters[i].value);
        }
}

void command_config(struct session *s, const struct session_args *args)
{
        kr_bytes sub = session_arg(args, 1);

        session_settle(s);
        if (!commands_is(sub, "get"))
                reply_error(&s->out, "ERR unknown subcommand '%.*s'. Try CONFIG HELP.",
                            (int)(sub.len < 128 ? sub.len : 128), (const char *)sub.data);
        else if (args->count < 3)
                commands_say_arity(s, "config|get");
        else
                say_config(s, args);
}

/* -- INFO -- */

struct info {
        const struct service *service;
        int64_t counters; /* how many */
        char text[INFO_MAX];
        size_t len;
};

__attribute__((format(printf, 2, 3))) static void line(struct info *info,
                                                       const char *format, ...)
{
        size_t room = sizeof(info->text) - info->len;
        va_list args;
        int len;

        va_start(args, format);
        len = vsnprintf(info->text + info->len, room, format, args);
        va_end(args);
        info->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void tell_server(struct info *info)
{
        const struct service *service = info->service;

        line(info, "# Server\r\nredis_version:%s\r\nkrarup_version:%s\r\n",
             SERVICE_REDIS_VERSION, kr_version());
        line(info, "process_id:%ld\r\ntcp_port:%u\r\nuptime_in_seconds:%lld\r\n",
             (long)getpid(), (unsigned)atomic_load(&service->port),
             (long long)(kr_monotonic_ms(NULL) - service->started_ms) / 1000);
}

static void tell_clients(struct info *info)
{
        line(info, "# Clients\r\nconnected_clients:%u\r\nmaxclients:%u\r\n",
             (unsigned)atomic_load(&info->service->clients),
             (unsigned)info->service->opts.clients_max);
}

static void tell_stats(struct info *info)
{
        const struct service *service = info->service;

        line(info, "# Stats\r\ntotal_connections_received:%lld\r\n",
             (long long)atomic_load(&service->clients_ever));
        line(info, "total_commands_processed:%lld\r\nrejected_connections:%lld\r\n",
             (long long)atomic_load(&service->commands),
             (long long)atomic_load(&service->clients_refused));
}

static void tell_node(struct info *info)
{
        kr_node_stats stats;

        kr_node_stats_read(kr_here(), &stats);
        line(info, "# Node\r\nprocesses:%u\r\nschedulers:%u\r\nfaults_survived:%llu\r\n",
             (unsigned)stats.processes, (unsigned)stats.schedulers,
             (unsigned long long)stats.faults);
}

static void tell_counters(struct info *info)
{
        const kr_module *module = kr_module_find("counter");

        line(info, "# Counters\r\ncounter_version:%s\r\n",
             module != NULL ? module->version : "");
}

static void tell_keyspace(struct info *info)
{
        line(info, "# Keyspace\r\n");
        if (info->counters > 0)
                line(info, "db0:keys=%lld,expires=0,avg_ttl=0\r\n",
                     (long long)info->counters);
}

static const struct {
        const char *name;
        void (*tell)(struct info *info);
} sections[] = {
        { "server", tell_server },     { "clients", tell_clients },
        { "stats", tell_stats },       { "node", tell_node },
        { "counters", tell_counters }, { "keyspace", tell_keyspace },
};

static bool is_section_wanted(const struct session_args *args, const char *name)
{
        for (uint32_t i = 1; i < args->count; i++) {
                kr_bytes word = session_arg(args, i);

                if (commands_is(word, name) || commands_is(word, "all") ||
                    commands_is(word, "default") || commands_is(word, "everything"))
                        return true;
        }
        return args->count == 1;
}

void command_info(struct session *s, const struct session_args *args)
{
        struct info info = { .service = s->service };

        session_settle(s);
        info.counters = registry_count();
        for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
                if (!is_section_wanted(args, sections[i].name))
                        continue;
                if (info.len > 0)
                        line(&info, "\r\n");
                sections[i].tell(&info);
        }
        reply_bulk(&s->out, info.text, info.len);
}
