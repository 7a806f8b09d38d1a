/* SPDX-License-Identifier: Apache-2.0 */
/* krarup.h: all of Krarup's public headers. */
#ifndef KRARUP_H
#define KRARUP_H

#include <krarup/base.h>
#include <krarup/pattern.h>
#include <krarup/term.h>

#endif
