/**
 * The configuration file as immutable records; every mistake in it is an error with line and column.
 *
 * <pre>
 *   tandem.yaml + conf.d/*.yaml ──► {@link org.tandemsip.server.config.Documents}  YAML to a tree of nodes with marks
 *   TANDEM_... , --flags        ──► {@link org.tandemsip.server.config.Overrides}  one-line documents that win over it
 *                 {@link org.tandemsip.server.config.Keys}, the table of all keys
 *                                        │
 *                                        ▼
 *   {@link org.tandemsip.server.config.Section#bind} ──► {@link org.tandemsip.server.config.Bound}  typed values that remember their node
 *                                        │
 *                                        ▼
 *   {@link org.tandemsip.server.config.ConfigBuilder} ──► {@link org.tandemsip.server.config.Config}  names resolved, relations checked
 * </pre>
 *
 * The table is the only place that knows a key: binding, {@code config explain}, {@code config schema}, the annotated
 * {@code config/tandem.yaml} and the did-you-mean all read it.
 */
package org.tandemsip.server.config;
