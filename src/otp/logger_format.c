/* SPDX-License-Identifier: Apache-2.0 */
/* logger_format.c: how an event is laid out: lines for people, or JSON for programs. */
#include "logger.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000

/* RFC 3339, in UTC. */
static void say_time(struct kri_words *out, int64_t time_ns)
{
        time_t seconds = (time_t)(time_ns / SECOND_NS);
        struct tm tm;

        if (gmtime_r(&seconds, &tm) == NULL)
                memset(&tm, 0, sizeof(tm));
        kri_say(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                (int)(time_ns % SECOND_NS / 1000000));
}

static const char *colour_of(kr_log_level level)
{
        if (level <= KR_LOG_ERROR)
                return "\033[1;31m";
        if (level == KR_LOG_WARNING)
                return "\033[33m";
        return level == KR_LOG_NOTICE ? "\033[1m" : "\033[2m";
}

static const char *last_part(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash != NULL ? slash + 1 : path;
}

/* Each line indented: what belongs to an event is seen at a glance. */
static void say_indented(struct kri_words *out, const char *text)
{
        while (*text != 0) {
                size_t len = strcspn(text, "\n");

                kri_say(out, "    ");
                kri_say_bytes(out, text, len);
                kri_say(out, "\n");
                text += len + (text[len] != 0);
        }
}

/* A text of several lines: the first, and the others as details. */
static void say_first_line(struct kri_words *out, const char *text, const char **ret_rest)
{
        size_t len = strcspn(text, "\n");

        kri_say_bytes(out, text, len);
        *ret_rest = text + len + (text[len] != 0);
}

/* A report says by itself whom it is about. */
static void say_who(struct kri_words *out, const kr_log_event *event)
{
        if (event->domain[0] != 0 || kr_pid_is_none(event->pid))
                return;
        if (event->name[0] != 0)
                kri_say(out, "%s ", event->name);
        kri_say_pid(out, event->pid);
        kri_say(out, ": ");
}

static void say_lines(const kr_log_handler *config, bool colour,
                      const kr_log_event *event, struct kri_words *out)
{
        const char *rest;

        if (!config->no_time) {
                say_time(out, event->time_ns);
                kri_say(out, " ");
        }
        kri_say(out, "%s%-7s%s ", colour ? colour_of(event->level) : "",
                kr_log_level_name(event->level), colour ? "\033[0m" : "");
        say_who(out, event);
        say_first_line(out, event->text, &rest);
        if (event->file != NULL)
                kri_say(out, " (%s:%d)", last_part(event->file), event->line);
        kri_say(out, "\n");
        if (config->single_line)
                return;
        say_indented(out, rest);
        if (!kr_is_none(event->metadata)) {
                kri_say(out, "    ");
                kri_say_term(out, event->metadata);
                kri_say(out, "\n");
        }
        say_indented(out, event->details);
}

static void say_field(struct kri_words *out, const char *name, const char *value)
{
        kri_say(out, ",\"%s\":", name);
        kri_say_json(out, value, strlen(value));
}

static void say_term_field(struct kri_words *out, const char *name, kr_term t)
{
        struct kri_words text = KRI_WORDS_INIT;

        kri_say_term(&text, t);
        say_field(out, name, kri_words_text(&text));
        kri_words_clear(&text);
}

static void say_json(const kr_log_event *event, struct kri_words *out)
{
        kri_say(out, "{\"time\":\"");
        say_time(out, event->time_ns);
        kri_say(out, "\"");
        say_field(out, "level", kr_log_level_name(event->level));
        say_field(out, "text", event->text);
        if (!kr_pid_is_none(event->pid)) {
                kri_say(out, ",\"pid\":\"");
                kri_say_pid(out, event->pid);
                kri_say(out, "\"");
        }
        if (event->name[0] != 0)
                say_field(out, "name", event->name);
        if (event->file != NULL) {
                say_field(out, "file", event->file);
                kri_say(out, ",\"line\":%d", event->line);
        }
        if (event->function[0] != 0)
                say_field(out, "function", event->function);
        if (event->domain[0] != 0)
                say_field(out, "domain", event->domain);
        if (!kr_is_none(event->metadata))
                say_term_field(out, "metadata", event->metadata);
        if (!kr_is_none(event->report))
                say_term_field(out, "report", event->report);
        kri_say(out, "}\n");
}

void kri_log_layout(const kr_log_handler *config, bool colour, const kr_log_event *event,
                    struct kri_words *out)
{
        if (config->json)
                say_json(event, out);
        else
                say_lines(config, colour, event, out);
}
