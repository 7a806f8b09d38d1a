/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h: be a node until somebody ends it: what `krarup run` and `krarup start` have in common.
 *
 * SIGINT, SIGTERM and SIGHUP stop it in order; a second one, a second later, at once. systemd is
 * told what goes on, and gets its sign of life while the schedulers run what is new.
 */
#ifndef KR_CLI_SERVE_H
#define KR_CLI_SERVE_H

#include "command.h"
#include "project.h"

struct kri_serve_opts {
        const struct kri_project *project;
        const char *name; /* of the node */
        const char *log;  /* file; NULL: standard error */
        bool watch;       /* take over what is saved */
        bool plain;       /* say nothing but what is wrong */
        const struct kri_args *args;
};

/* Until it has ended: what to return. */
int kri_serve(const struct kri_serve_opts *opts);

#endif
