/* SPDX-License-Identifier: Apache-2.0 */
/* storm: the stage, told: what hits a counter, who starts it again, and what it has cost. */
#include "storm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"
#include "storm_sup.h"

static const char *const titles[STORM_BLOWS] = {
        [STORM_SEGV] = "a callback of c writes through a NULL pointer",
        [STORM_KILL] = "a stranger kills c",
        [STORM_LOOP] = "a callback of c never returns; found out by asking, then killed",
        [STORM_WRONG] = "messages that c does not know, and a tick by foo",
        [STORM_DEEP] = "a callback of c calls itself until its stack overflows",
        [STORM_AGAIN] = "the NULL pointer again, each time that c is back",
};

static const char *bold = "", *red = "", *green = "", *dim = "", *plain = "";

static FILE *reports; /* what the logger writes, for us to show one of */

/* -- looks -- */

static bool is_terminal(void)
{
        const char *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

static void choose_colours(void)
{
        const char *refused = getenv("NO_COLOR");

        if (!is_terminal() || (refused != NULL && refused[0] != 0))
                return;
        bold = "\033[1m";
        red = "\033[31m";
        green = "\033[32m";
        dim = "\033[2m";
        plain = "\033[0m";
}

/* 1,234,567; up to eight of them live at a time. */
static const char *grouped(int64_t n)
{
        static char texts[8][28];
        static unsigned next;
        char digits[24], *to = texts[next++ % 8], *text = to;
        int len = snprintf(digits, sizeof(digits), "%" PRId64, n);

        for (int i = 0; i < len; i++) {
                *to++ = digits[i];
                if ((len - i) % 3 == 1 && i + 1 < len && digits[i] != '-')
                        *to++ = ',';
        }
        *to = 0;
        return text;
}

static void show_progress(int64_t sent)
{
        stage_say("\r     %s%s ticks ...%s\033[K", dim, grouped(sent), plain);
}

/* -- crash reports -- */

static kr_err log_to_reports(void)
{
        kr_err err;

        reports = tmpfile();
        if (reports == NULL)
                return KR_EOS;
        err = kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true });
        if (err != KR_OK)
                return err;
        return kr_logger_add_handler(kr_here(),
                                     &(kr_log_handler){
                                             .name = "reports",
                                             .fd = fileno(reports),
                                             .colour = bold[0] != 0 ? KR_COLOUR_ALWAYS
                                                                    : KR_COLOUR_NEVER });
}

/* In a terminal of 80 columns: a long one goes on below. Colours take no room. */
static void show_line(const char *line)
{
        int column = 0;
        bool in_colour = false;

        stage_say("       | ");
        for (; *line != 0; line++) {
                if (*line == ' ' && column > 55) {
                        stage_say("\n       |    ");
                        column = 3;
                }
                (void)putchar(*line);
                in_colour = *line == '\033' || (in_colour && *line != 'm');
                column += !in_colour;
        }
        stage_say("\n");
}

/* The first of them: a line, and those below it that are indented. The logger goes on writing
 * at the place where it is. */
static void show_a_report(void)
{
        char text[4000], *rest = text, *line;
        ssize_t len;

        (void)kr_logger_sync(5000);
        len = pread(fileno(reports), text, sizeof(text) - 1, 0);
        text[len > 0 ? len : 0] = 0;
        stage_say("     what the logger has to say of it:\n");
        while ((line = strsep(&rest, "\n")) != NULL && (line == text || line[0] == ' '))
                show_line(line);
}

/* -- what is told of a blow -- */

static void add(struct storm_count *sum, const struct storm_count *one)
{
        sum->before += one->before;
        sum->sent += one->sent;
        sum->acknowledged += one->acknowledged;
        sum->counted += one->counted;
        sum->now += one->now;
}

static void write_pid(char *text, size_t size, kr_pid pid)
{
        kr_term term = kr_build("~", pid);

        (void)kr_format(text, size, term);
        kr_release(term);
}

static bool was_restarted(const struct storm_result *result, int i)
{
        return !kr_pid_eq(result->members[i].before, result->members[i].after);
}

static void tell_restart(const struct storm_member *m)
{
        char old[40], new[40];

        write_pid(old, sizeof(old), m->before);
        write_pid(new, sizeof(new), m->after);
        stage_say("     %s started %s%s%s again: %s is %s now\n", m->parent, bold,
                  m->name, plain, old, new);
}

/* Supervisors first: they start the others. */
static void tell_restarts(const struct storm_result *result)
{
        for (int i = 0; i < STORM_MEMBERS; i++) {
                int who = (STORM_CALM_SUP + i) % STORM_MEMBERS;

                if (was_restarted(result, who))
                        tell_restart(&result->members[who]);
        }
}

static void tell_time(enum storm_blow blow, const struct storm_result *result)
{
        double us = (double)result->answered_ns / 1e3;
        bool is_short = us < 1000;

        stage_say("     the name c answered again after %s%.*f %s%s%s\n", green,
                  is_short ? 0 : 1, is_short ? us : us / 1e3, is_short ? "us" : "ms",
                  plain, blow == STORM_SEGV ? " (a first report reads debug data)" : "");
}

static void tell_count(const char *name, const struct storm_count *c)
{
        int64_t missed = c->sent - c->counted,
                forgotten = c->before + c->counted - c->now;

        stage_say("     %-8s %10s %13s %10s %s%12s %13s%s\n", name, grouped(c->sent),
                  grouped(c->acknowledged), grouped(c->counted),
                  missed + forgotten > 0 ? red : green, grouped(missed),
                  grouped(forgotten), plain);
}

/* Those that were started again one by one, the others together. */
static void tell_counts(const struct storm_result *result)
{
        struct storm_count calm = { 0 };
        char names[20] = "";

        stage_say("     %s%-8s %10s %13s %10s %12s %13s%s\n", dim, "ticks", "sent",
                  "acknowledged", "counted", "not counted", "then lost", plain);
        for (int who = 0; who < STORM_COUNTERS; who++) {
                if (was_restarted(result, who)) {
                        tell_count(result->members[who].name, &result->counts[who]);
                        continue;
                }
                add(&calm, &result->counts[who]);
                strcat(strcat(names, names[0] != 0 ? ", " : ""),
                       result->members[who].name);
        }
        tell_count(names, &calm);
}

static void tell_blow(enum storm_blow blow, struct storm_result *result)
{
        stage_say("\n  %s%d. %s%s\n", bold, (int)blow + 1, titles[blow], plain);
        storm_blow(blow, is_terminal() ? show_progress : NULL, result);
        if (is_terminal())
                stage_say("\r\033[K");
        stage_say("     c ended: %s\n", result->reason);
        if (blow == STORM_SEGV)
                show_a_report();
        if (result->strikes > 1)
                stage_say(
                        "     %d times: rough_sup had %d of its %d restarts left, and ends\n",
                        result->strikes, result->strikes - 1, STORM_RESTARTS);
        tell_restarts(result);
        tell_time(blow, result);
        tell_counts(result);
}

static void tell_end(const struct storm_result *last, const int64_t *sent)
{
        stage_say("\n  %sin the end%s\n", bold, plain);
        for (int who = STORM_A; who <= STORM_B; who++)
                stage_say("     %s was sent %s and has %s%s%s: %s\n",
                          last->members[who].name, grouped(sent[who]), green,
                          grouped(last->counts[who].now), plain,
                          sent[who] == last->counts[who].now ? "nothing is lost"
                                                             : "something is lost");
        stage_say(
                "     c was sent %s and has %s%s%s: a restart begins at 0, whatever had\n"
                "     been acknowledged. What must outlive a crash has to be kept elsewhere.\n"
                "     d was not hit, but fell with its supervisor: a tree is cut so that only\n"
                "     what may fall together stands together.\n",
                grouped(sent[STORM_C]), red, grouped(last->counts[STORM_C].now), plain);
}

static void tell_tree(void)
{
        stage_say(
                "  storm_sup -+- calm_sup  -+- a, b\n"
                "             +- rough_sup -+- c, d\n"
                "\n"
                "  Four processes tick a counter each: a thousand casts (sent, and that is all),\n"
                "  then a call (acknowledged), a millisecond's rest, and again. Meanwhile c is\n"
                "  hit. `not counted` waited in its mailbox, or found nobody of that name; `then\n"
                "  lost` was counted, and went with the memory of the process that crashed.\n");
}

static void tell(void)
{
        int64_t sent[STORM_COUNTERS] = { 0 };
        struct storm_result result;

        if (log_to_reports() != KR_OK)
                kr_exit("no_logger");
        if (storm_start().err != KR_OK)
                kr_exit("no_tree");
        tell_tree();
        for (int blow = 0; blow < STORM_BLOWS; blow++) {
                tell_blow(blow, &result);
                for (int who = 0; who < STORM_COUNTERS; who++)
                        sent[who] += result.counts[who].sent;
        }
        tell_end(&result, sent);
        storm_stop();
        (void)fclose(reports);
}

int main(void)
{
        choose_colours();
        return stage_run(tell);
}
