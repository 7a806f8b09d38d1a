/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_status.c: krarup status: one node, or all of this user's. */
#include "client.h"
#include "command.h"
#include "plat_pid.h"
#include "plat_socket.h"
#include "project.h"
#include "say.h"

#include <krarup/pattern.h>
#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

static bool raw;

static const struct kri_option options[] = {
        { "term", 0, NULL, "as an Erlang term, for programs", &raw, NULL },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

/* "2 d 3 h", "12 min 5 s" */
static void say_duration(int64_t ms)
{
        long long s = (long long)(ms / 1000);

        if (s >= 86400)
                kri_say("%lld d %lld h", s / 86400, s / 3600 % 24);
        else if (s >= 3600)
                kri_say("%lld h %lld min", s / 3600, s / 60 % 60);
        else if (s >= 60)
                kri_say("%lld min %lld s", s / 60, s % 60);
        else
                kri_say("%lld.%lld s", s, (long long)(ms / 100 % 10));
}

static void show_apps(kr_term apps)
{
        char version[100];
        kr_atom name;
        kr_term vsn;

        if (!kr_is_list(apps)) {
                kri_say("  applications  do not answer\n");
                return;
        }
        kri_say("  applications ");
        for (; kr_is_cons(apps); apps = kr_tl(apps)) {
                version[0] = 0;
                if (!kr_match(kr_hd(apps), "{~, ~}", &name, &vsn))
                        continue;
                (void)kr_get_string(vsn, version, sizeof(version), NULL);
                kri_say(" %s %s%s", kr_atom_text(name, NULL), version,
                        kr_is_cons(kr_tl(apps)) ? "," : "");
        }
        kri_say("\n");
}

static void show(const char *name, kr_term status)
{
        int64_t pid = 0, uptime_ms = 0;
        uint64_t processes = 0, resident = 0, faults = 0;
        const char *crash = "", *folder = "";
        kr_term apps = kr_nil();

        (void)kr_match(status,
                       "#{pid => ~, uptime_ms => ~, processes => ~, resident_bytes => ~, "
                       "faults => ~, applications => ~, last_crash => ~, folder => ~}",
                       &pid, &uptime_ms, &processes, &resident, &faults, &apps, &crash,
                       &folder);
        kri_say_in(KRI_GREEN, "%s", name);
        kri_say(" runs, process %lld, for ", (long long)pid);
        say_duration(uptime_ms);
        kri_say("\n  folder        %s\n  processes     %llu\n  memory        %.1f MB\n",
                folder, (unsigned long long)processes, (double)resident / 1e6);
        show_apps(apps);
        if (crash[0] != 0)
                kri_say("  last crash    %s\n", crash);
        else
                kri_say("  last crash    none\n");
        if (faults > 0)
                kri_say("  faults        %llu\n", (unsigned long long)faults);
}

static int show_one(int fd, const char *name)
{
        kr_term status = kri_client_status(fd);

        kri_socket_close(fd);
        if (kr_is_none(status))
                return KRI_FAILED;
        if (raw) {
                if (kr_print(stdout, status, NULL) != KR_OK)
                        return KRI_FAILED;
                kri_say(".\n");
        } else {
                show(name, status);
        }
        kr_release(status);
        return KRI_DONE;
}

struct all {
        int count;
        int outcome;
};

/* NAME.sock of the folder where they all are. */
static void show_socket(void *arg, const char *file)
{
        struct all *all = arg;
        struct kri_place place;
        char name[256];
        size_t len = strlen(file);
        int fd;

        if (len < 6 || len >= sizeof(name) || strcmp(file + len - 5, ".sock") != 0)
                return;
        (void)snprintf(name, sizeof(name), "%.*s", (int)len - 5, file);
        if (!kri_place_of(name, &place) || (fd = kri_socket_connect(place.socket)) < 0)
                return;
        all->count++;
        if (show_one(fd, name) != KRI_DONE)
                all->outcome = KRI_FAILED;
}

static int show_all(void)
{
        struct all all = { .outcome = KRI_DONE };
        char folder[KRI_PATH_MAX];

        if (kri_folder_run(folder, sizeof(folder)))
                (void)kri_folder_each(folder, show_socket, &all); /* none is there */
        if (all.count > 0)
                return all.outcome;
        kri_say("no node runs\n");
        return KRI_FAILED;
}

static int run(const struct kri_args *args)
{
        struct kri_project project;
        struct kri_place place = { .name = "" };
        int fd;

        if (args->count == 0 && !kri_project_find(NULL, &project))
                return show_all();
        fd = kri_place_try(args->count > 0 ? args->words[0] : NULL, &place);
        if (fd >= 0)
                return show_one(fd, place.name);
        if (place.name[0] != 0)
                kri_say("%s does not run\n", place.name);
        return KRI_FAILED;
}

const struct kri_command kri_command_status = {
        .name = "status",
        .arguments = "[NAME]",
        .summary = "how a node is: process, uptime, memory, applications, last crash",
        .help = "Of the project here, of NAME, or, elsewhere, of all nodes of this user. Returns\n"
                "1 if it does not run.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup status\n"
                "    krarup status counter --term\n",
        .options = options,
        .args_max = 1,
        .run = run,
};
