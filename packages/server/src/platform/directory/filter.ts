import {
  AndFilter,
  EqualityFilter,
  ExtensibleFilter,
  type Filter,
  FilterParser,
  OrFilter,
  PresenceFilter,
  SubstringFilter,
} from 'ldapts';
import { DirectoryError } from './directory-error.ts';
import type { DirectoryFilter } from './types.ts';

/** RFC 4512 §2.5: a short name or an object identifier, with options. */
const attributePattern = /^(?:[A-Za-z][\w-]*|\d+(?:\.\d+)+)(?:;[\w-]+)*$/;

function attributeOf(name: string): string {
  if (attributePattern.test(name)) return name;
  throw new DirectoryError('misconfigured', `${JSON.stringify(name)} is no name of an LDAP attribute.`);
}

/** The filter as the client library sends it. Fails with `misconfigured` for an operator's text that is none. */
export function toLdapFilter(filter: DirectoryFilter): Filter {
  switch (filter.kind) {
    case 'all':
      return new AndFilter({ filters: filter.of.map(toLdapFilter) });
    case 'any':
      return new OrFilter({ filters: filter.of.map(toLdapFilter) });
    case 'equals':
      return new EqualityFilter({ attribute: attributeOf(filter.attribute), value: filter.value });
    case 'contains':
      // A substring filter without a substring is malformed (RFC 4511 §4.5.1.7.2).
      return filter.value === ''
        ? new PresenceFilter({ attribute: attributeOf(filter.attribute) })
        : new SubstringFilter({ attribute: attributeOf(filter.attribute), any: [filter.value] });
    case 'present':
      return new PresenceFilter({ attribute: attributeOf(filter.attribute) });
    case 'matches':
      return new ExtensibleFilter({
        matchType: attributeOf(filter.attribute),
        rule: filter.rule,
        value: filter.value,
      });
    case 'written':
      return parseWritten(filter.text);
    default:
      return filter satisfies never;
  }
}

function parseWritten(text: string): Filter {
  try {
    return FilterParser.parseString(text.trim());
  } catch (cause) {
    throw new DirectoryError('misconfigured', `${JSON.stringify(text)} is no LDAP filter (RFC 4515).`, cause);
  }
}
