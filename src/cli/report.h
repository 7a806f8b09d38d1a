/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: what came of an upgrade, for people. */
#ifndef KR_CLI_REPORT_H
#define KR_CLI_REPORT_H

#include <krarup/upgrade.h>

void kri_report_show(const kr_upgrade_report *report);

#endif
