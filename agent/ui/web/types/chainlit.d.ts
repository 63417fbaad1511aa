// What Chainlit gives to the cards: some names without an import, and some libraries with one.

/** A card as `agent/ui/cards.py` puts it before the browser. */
interface CardProps {
  /** The card's own, for what a person has begun to type into it. */
  id: string
  kind: string
  /** A `Card` of `card.ts`; of what takes long its `Work`, and nothing else. */
  card: unknown
  work: unknown
  /** The pause that its buttons answer; none of a card to look at only. */
  interrupt_id: string | null
  replies: string[]
  locked: boolean
}
declare const props: CardProps

interface Window {
  /** By card and name: what a person has begun to type (`parts/drafts.ts`). */
  compassDrafts?: Record<string, unknown>
}

/** Calls `@cl.action_callback(name)`; nothing before the page has a session. Rejected with an HTTP error's
 * body. */
declare function callAction(action: {
  name: string
  payload: object
}): Promise<{ response?: unknown }> | undefined

declare module '@chainlit/react-client' {
  export function useChatData(): { loading: boolean; connected: boolean }
}

declare module 'lucide-react' {
  type Icon = React.FunctionComponent<{ size?: number; 'aria-hidden'?: boolean }>
  export const ArrowDown: Icon
  export const ArrowUp: Icon
  export const Check: Icon
  export const CircleAlert: Icon
  export const Copy: Icon
  export const Download: Icon
  export const Lock: Icon
  export const Undo2: Icon
}
