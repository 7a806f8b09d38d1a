/* SPDX-License-Identifier: Apache-2.0 */
/* catalogue.c: what becomes of each seeded bug.
 *
 *      catalogue              run all, one line each; fails if an outcome is not accepted
 *      catalogue NAME...      only those
 *      catalogue -t           a line with tabs for each: group, name, what, outcome, detail
 */
#include "catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 500 /* a bug that is not over by then is killed */
#define KILL_MS 2000    /* ... and has to be gone after this */
#define LIMIT_MS 10000  /* an OS process that has not ended by then hangs */
#define REPORT_FD 700   /* out of reach of bugs that close what they can */
#define DETAIL_BYTES 160

struct report {
        enum outcome outcome;
        char detail[DETAIL_BYTES];
};

static struct bug *first_bug, **last_bug = &first_bug;

unsigned char *neighbour_block;
volatile char *neighbour_stack;
kr_pid neighbour_pid;
static _Atomic uint64_t neighbour_count;
static _Atomic bool neighbour_is_harmed;
static const struct bug *under_test;

void add_bug(struct bug *bug)
{
        *last_bug = bug;
        last_bug = &bug->next;
}

/* -- in the node -- */

static bool is_whole(const volatile unsigned char *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (bytes[i] != (unsigned char)(i * 7 + 1))
                        return false;
        return true;
}

static void fill(volatile unsigned char *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                bytes[i] = (unsigned char)(i * 7 + 1);
}

/* Counts, allocates and frees as any program does, and looks at what is its own. */
static void neighbour(void)
{
        volatile unsigned char local[512];
        unsigned char *block = kr_alloc(NEIGHBOUR_BYTES), *other = malloc(3000);

        fill(block, NEIGHBOUR_BYTES);
        fill(other, 3000);
        fill(local, sizeof(local));
        neighbour_stack = (volatile char *)local;
        neighbour_block = block;
        for (;;) {
                void *volatile some = malloc(100);

                kr_sleep(1);
                free(some);
                if (!is_whole(block, NEIGHBOUR_BYTES) || !is_whole(other, 3000) ||
                    !is_whole(local, sizeof(local)))
                        neighbour_is_harmed = true;
                neighbour_count++;
        }
}

static bool neighbour_goes_on(void)
{
        uint64_t before = neighbour_count;

        for (int i = 0; i < 100; i++) {
                kr_sleep(5);
                if (neighbour_count >= before + 5)
                        return true;
        }
        return false;
}

static void tell(enum outcome outcome, const char *detail)
{
        struct report report = { .outcome = outcome };

        snprintf(report.detail, sizeof(report.detail), "%s", detail);
        if (write(REPORT_FD, &report, sizeof(report)) != (ssize_t)sizeof(report))
                _exit(3);
}

/* The reason without addresses and trace: the same in every run. */
static void describe_reason(kr_term reason, char *text, size_t size)
{
        kr_atom fault;
        size_t length;
        kr_term value;

        if (kr_match(reason, "{{~, _}, [_ | _]}", &fault))
                snprintf(text, size, "{%s, _}", kr_atom_text(fault, &length));
        else if (kr_match(reason, "{~, [_ | _]}", &value))
                kr_format(text, size, value);
        else
                kr_format(text, size, reason);
}

/* Threads of this OS process. */
static int count_threads(void)
{
        DIR *dir = opendir("/proc/self/task");
        int count = 0;

        while (dir != NULL && readdir(dir) != NULL)
                count++;
        if (dir != NULL)
                closedir(dir);
        return count;
}

/* A process that was killed is out of sight at once; its thread ends when it can be reached. */
static const char *describe_kill(int threads_before)
{
        for (int i = 0; i < 60; i++) {
                if (count_threads() <= threads_before)
                        return "kill";
                kr_sleep(5);
        }
        return "kill; its thread stays behind";
}

static void judge(void)
{
        kr_msg msg = KR_MSG_INIT;
        char text[DETAIL_BYTES];
        bool killed = false;
        int threads;
        kr_term reason;
        kr_ref ref;
        kr_pid pid;
        int got;

        neighbour_pid = kr_spawn(neighbour);
        while (neighbour_count < 3)
                kr_sleep(1);
        threads = count_threads();
        pid = kr_spawn_monitor(&ref, under_test->run);
        got = kr_receive(&msg, PATIENCE_MS,
                         kr_on(1, "{'DOWN', =, process, _, ~}", ref, &reason));
        if (got != 1) {
                killed = true;
                kr_exit_signal(pid, "kill");
                got = kr_receive(&msg, KILL_MS,
                                 kr_on(1, "{'DOWN', =, process, _, ~}", ref, &reason));
        }
        if (got != 1) {
                tell(HUNG, "kill does not reach it");
                return;
        }
        describe_reason(reason, text, sizeof(text));
        kr_sleep(20);
        if (!neighbour_goes_on())
                tell(HUNG, "the neighbour does not go on");
        else if (neighbour_is_harmed)
                tell(CORRUPTED, text);
        else if (kr_match(reason, "normal"))
                tell(UNNOTICED, text);
        else
                tell(CONTAINED, killed ? describe_kill(threads) : text);
}

static void run_node(const struct bug *bug, const char *dump_path)
{
        kr_node *node;
        kr_node_opts opts = { .faults = KR_FAULTS_EXIT,
                              .schedulers = 2,
                              .dump_path = dump_path };

        under_test = bug;
        if (kr_node_start(&opts, &node) != KR_OK)
                _exit(2);
        (void)kr_node_spawn(node, judge);
        for (;;)
                pause();
}

/* -- around it -- */

/* The line of the dump that says why, without addresses. */
static void read_dump(const char *path, struct report *report)
{
        char line[512], *end;
        FILE *file = fopen(path, "r");

        report->outcome = DIED;
        while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
                line[strcspn(line, "\n")] = '\0';
                if (strncmp(line, "reason   ", 9) == 0) {
                        end = strstr(line, " at 0x");
                        if (end != NULL)
                                memmove(end, end + strcspn(end, ","),
                                        strlen(end + strcspn(end, ",")) + 1);
                        snprintf(report->detail, sizeof(report->detail), "%.150s",
                                 line + 9);
                }
                if (strcmp(line, "end of dump") == 0)
                        report->outcome = DUMPED;
        }
        if (file != NULL)
                fclose(file);
}

static void describe_status(int status, struct report *report)
{
        if (WIFSIGNALED(status))
                snprintf(report->detail, sizeof(report->detail), "SIG%s",
                         sigabbrev_np(WTERMSIG(status)));
        else
                snprintf(report->detail, sizeof(report->detail), "exit status %d",
                         WEXITSTATUS(status));
}

static void start_child(const struct bug *bug, const char *dump_path, int report_fd)
{
        const struct rlimit none = { 0, 0 };
        int nothing = open("/dev/null", O_RDWR);

        (void)setrlimit(RLIMIT_CORE, &none);
        if (dup2(report_fd, REPORT_FD) < 0)
                _exit(2);
        dup2(nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        dup2(nothing, STDIN_FILENO);
        run_node(bug, dump_path);
}

static void run_bug(const struct bug *bug, const char *dir, struct report *report)
{
        struct pollfd wait_for;
        char dump_path[256];
        int ends[2], status;
        ssize_t n;
        pid_t child;

        snprintf(dump_path, sizeof(dump_path), "%s/%s.dump", dir, bug->name);
        if (pipe(ends) != 0 || (child = fork()) < 0) {
                perror("catalogue");
                exit(2);
        }
        if (child == 0)
                start_child(bug, dump_path, ends[1]);
        close(ends[1]);
        *report = (struct report){ .outcome = HUNG };
        snprintf(report->detail, sizeof(report->detail), "nothing happens any more");
        wait_for = (struct pollfd){ .fd = ends[0], .events = POLLIN };
        if (poll(&wait_for, 1, LIMIT_MS) > 0) {
                n = read(ends[0], report, sizeof(*report));
                if (n != (ssize_t)sizeof(*report)) {
                        (void)waitpid(child, &status, 0);
                        child = -1;
                        describe_status(status, report);
                        read_dump(dump_path, report);
                }
        }
        if (child > 0) {
                kill(child, SIGKILL);
                (void)waitpid(child, &status, 0);
        }
        close(ends[0]);
        (void)unlink(dump_path);
}

static const char *outcome_name(enum outcome outcome)
{
        switch (outcome) {
        case CONTAINED:
                return "contained";
        case DUMPED:
                return "node ended with a dump";
        case UNNOTICED:
                return "not noticed";
        case DIED:
                return "node ended without a dump";
        case CORRUPTED:
                return "silent corruption";
        case HUNG:
                return "hung";
        }
        return "?";
}

static const char *group_name(enum group group)
{
        static const char *const names[GROUPS] = {
                [POINTERS] = "Pointers and mappings",
                [CALLS] = "Calls and jumps",
                [ARITHMETIC] = "Arithmetic",
                [STACK] = "The stack",
                [HEAP] = "malloc's heap",
                [KRARUP] = "Krarup's own interface",
                [LIBC] = "libc",
                [WAITING] = "Loops and waits",
                [SYSTEM] = "The OS process",
                [SCRIBBLING] = "Other people's memory",
        };

        return names[group];
}

static bool is_wanted(const struct bug *bug, int argc, char **argv, int from)
{
        for (int i = from; i < argc; i++)
                if (strcmp(argv[i], bug->name) == 0)
                        return true;
        return from >= argc;
}

int main(int argc, char **argv)
{
        bool table = argc > 1 && strcmp(argv[1], "-t") == 0;
        char dir[] = "/tmp/krarup-catalogue-XXXXXX";
        int wrong = 0, count = 0;

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (mkdtemp(dir) == NULL)
                return 2;
        for (const struct bug *bug = first_bug; bug != NULL; bug = bug->next) {
                struct report report;
                bool fits;

                if (!is_wanted(bug, argc, argv, table ? 2 : 1))
                        continue;
                run_bug(bug, dir, &report);
                fits = (report.outcome & bug->accepted) != 0;
                wrong += !fits;
                count++;
                if (table)
                        printf("%s\t%s\t%s\t%s\t%s\n", group_name(bug->group), bug->name,
                               bug->what, outcome_name(report.outcome), report.detail);
                else
                        printf("%-28s %-26s %s%s\n", bug->name,
                               outcome_name(report.outcome), report.detail,
                               fits ? "" : "   NOT ACCEPTED");
        }
        (void)rmdir(dir);
        if (!table)
                printf("%d bugs, %d with an outcome that is not accepted\n", count,
                       wrong);
        return wrong != 0 || count == 0;
}
