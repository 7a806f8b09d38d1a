/* SPDX-License-Identifier: Apache-2.0 */
/* project.h: the application that somebody works on: a folder with NAME.app in it, found from
 * where one stands, upwards; and the places its node uses. */
#ifndef KR_CLI_PROJECT_H
#define KR_CLI_PROJECT_H

#include "plat_file.h"

#define KRI_BUILD_FOLDER "build"
#define KRI_MODULES_MAX 64

struct kri_project {
        char name[256];
        char folder[KRI_PATH_MAX];
        char app_file[KRI_PATH_MAX];
        char modules_folder[KRI_PATH_MAX];  /* where its Makefile puts them */
        char modules[KRI_MODULES_MAX][256]; /* of the .app file */
        size_t module_count;
};

/* The project that `folder` (NULL: the one we are in) belongs to. False: none; not told. */
bool kri_project_find(const char *folder, struct kri_project *ret);
/* The same; false: told. */
bool kri_project_need(const char *folder, struct kri_project *ret);

/* Run its Makefile; what that says is shown if it fails. False: it failed, told. */
bool kri_project_build(const struct kri_project *project);

/* NAME.so of a module. */
void kri_project_module_file(const struct kri_project *project, const char *module,
                             char *buf, size_t size);

/* -- nodes by name -- */

struct kri_place {
        char name[256];
        char socket[KRI_PATH_MAX], pid_file[KRI_PATH_MAX];
};

/* Where a node of this name has its things. False: told. */
bool kri_place_of(const char *name, struct kri_place *ret);

/* A connection to the node of this name; NULL: that of the project we are in. -1: told.
 * *ret_place (may be NULL) is filled either way. */
int kri_place_connect(const char *name, struct kri_place *ret_place);
/* The same, not told: -1: none runs. */
int kri_place_try(const char *name, struct kri_place *ret_place);

#endif
