import { Lost } from '../features/shell/lost.js';

export default function NotFound() {
  return <Lost />;
}
