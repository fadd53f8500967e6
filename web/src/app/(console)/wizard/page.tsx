import type { Metadata } from 'next';
import { WizardPage } from '../../../features/wizard/wizard-page.js';

export const metadata: Metadata = { title: 'Wizard' };

export default function Page() {
  return <WizardPage />;
}
