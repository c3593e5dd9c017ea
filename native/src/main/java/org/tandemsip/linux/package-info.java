/**
 * Linux system calls by the Foreign Function and Memory API. Everything here has a plain fallback elsewhere.
 */
package org.tandemsip.linux;
