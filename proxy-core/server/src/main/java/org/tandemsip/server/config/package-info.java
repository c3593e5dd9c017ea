/**
 * The configuration file as immutable records; every mistake in it is an error with line and column.
 *
 * <pre>
 *   tandem.yaml + conf.d/*.yaml ──► Documents  YAML to a tree of nodes with marks
 *   TANDEM_... , --flags        ──► Overrides  one-line documents that win over it
 *                 Keys, the table of all keys
 *                                        │
 *                                        ▼
 *   Section.bind  ──► Bound   typed values that remember their node
 *                                        │
 *                                        ▼
 *   ConfigBuilder ──► Config  names resolved, relations checked
 * </pre>
 *
 * The table is the only place that knows a key: binding, {@code config explain}, {@code config schema}, the annotated
 * {@code config/tandem.yaml} and the did-you-mean all read it.
 */
package org.tandemsip.server.config;
