/* SPDX-License-Identifier: Apache-2.0 */
/* reload.h: a source was saved: build, and bring what has changed into the running node, by an
 * upgrade that keeps states. What does not build, or does not do, is told, and what runs goes on.
 */
#ifndef KR_CLI_RELOAD_H
#define KR_CLI_RELOAD_H

#include "project.h"

/* Remember what the modules' files are now. */
void kri_reload_begin(const struct kri_project *project);

/* `changed` is the name of what was saved. The first thread, a process of the node. */
void kri_reload(const struct kri_project *project, const char *changed);

#endif
