/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c: krarup run. */
#include "command.h"
#include "say.h"
#include "serve.h"

static bool no_watch, no_build;
static const char *name, *folder;

static const struct kri_option options[] = {
        { "no-watch", 0, NULL, "do not take over what is saved", &no_watch, NULL },
        { "no-build", 0, NULL, "run what is built", &no_build, NULL },
        { "name", 'n', "NAME", "of the node [the application's]", NULL, &name },
        { "folder", 'C', "DIR", "of the project [here, or above]", NULL, &folder },
        { NULL, 0, NULL, NULL, NULL, NULL },
};

static int run(const struct kri_args *args)
{
        struct kri_project project;

        if (!kri_project_need(folder, &project))
                return KRI_FAILED;
        if (!no_build && !kri_project_build(&project))
                return KRI_FAILED;
        return kri_serve(&(struct kri_serve_opts){
                .project = &project,
                .name = name != NULL ? name : project.name,
                .watch = !no_watch,
                .args = args,
        });
}

const struct kri_command kri_command_run = {
        .name = "run",
        .arguments = "",
        .summary = "build the project, start it, take over what you save",
        .help = "Builds by the project's Makefile, loads its modules, starts its application and\n"
                "stays in the foreground. A source that is saved is built and brought in while\n"
                "all goes on; states stay. What does not compile is shown, and the old code goes\n"
                "on. Ctrl-C stops in order: servers terminate, supervisors wait for them. Twice:\n"
                "at once.\n"
                "\n"
                "Examples:\n"
                "\n"
                "    krarup run\n"
                "    krarup run -- -counter first 100      environment of `counter`\n"
                "    krarup run -- -config my.config\n",
        .options = options,
        .takes_rest = true,
        .run = run,
};
