package org.tandemsip.engine.routing;

import org.tandemsip.engine.registrar.LocationTable;
import org.tandemsip.engine.registrar.Rules;

/**
 * The registrar as a policy knows it.
 *
 * @param table where users are; kept over reloads
 * @param rules what it is told by the configuration
 * @param clock what time it is: contacts are good until a time of day, since that is what survives a restart
 */
public record Registry(LocationTable table, Rules rules, WallClock clock) {}
